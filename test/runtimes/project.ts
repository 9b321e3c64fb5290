/** Temporary projects that have installed the packed package, and contain the fixtures. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
const fixtures = join(import.meta.dirname, "fixtures");

/** The temporary folder of all projects. */
export class Projects {
  readonly folder = mkdtempSync(join(tmpdir(), "lutra-runtimes-"));
  #tarball: string | undefined;

  /** Creates a project with packages at exact versions; returns its folder. */
  async create(name: string, packages: { readonly [name: string]: string }): Promise<string> {
    const folder = this.emptyFolder(name);
    const manifest = { private: true, type: "module", dependencies: await this.#with(packages) };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    await npm(["install", "--prefer-offline", "--no-audit", "--no-fund"], folder);
    cpSync(fixtures, folder, {
      recursive: true,
      filter: (path) => !path.startsWith(join(fixtures, "next")),
    });
    return folder;
  }

  /** Creates a folder without packages. */
  emptyFolder(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #with(packages: { readonly [name: string]: string }) {
    this.#tarball ??= await pack(this.folder);
    return { lutra: `file:${this.#tarball}`, ...packages };
  }
}

async function pack(destination: string): Promise<string> {
  const flags = ["--silent", "--ignore-scripts", "--pack-destination", destination];
  return join(destination, await npm(["pack", ...flags], join(root, "packages/lutra")));
}

function npm(args: readonly string[], cwd: string): Promise<string> {
  return outputOf({ command: ["npm", ...args], cwd });
}

/** Returns the version of a package that a project has installed. */
export function versionOf(folder: string, name: string): string {
  const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
  return JSON.parse(manifest).version;
}
