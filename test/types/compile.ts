/** One compilation: a version of TypeScript and a module resolution. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "./project.ts";
import { installedVersion, type Resolution, typescriptOf } from "./versions.ts";

export interface Outcome {
  /** The complete version of the compiler. */
  readonly version: string;
  /** Errors in the programs and in the packages of this repository. */
  readonly own: readonly string[];
  /** Packages of others whose declarations have errors with this version. */
  readonly others: readonly string[];
}

export async function compileIn(
  { folder }: Project,
  version: string,
  resolution: Resolution,
): Promise<Outcome> {
  const typescript = await typescriptOf(version);
  const config = join(folder, `tsconfig.${version}.${resolution}.json`);
  writeFileSync(config, JSON.stringify(configOf(resolution)));
  const errors = await errorsOf(typescript, config, folder);
  const foreign = errors.filter((line) => packageOf(line) !== undefined);
  return {
    version: installedVersion(typescript) ?? version,
    own: errors.filter((line) => !foreign.includes(line)),
    others: [...new Set(foreign.map((line) => packageOf(line) ?? ""))].sort(),
  };
}

function configOf(resolution: Resolution): object {
  return {
    compilerOptions: {
      module: resolution === "bundler" ? "esnext" : resolution,
      moduleResolution: resolution,
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      esModuleInterop: true,
      jsx: "react-jsx",
      noEmit: true,
    },
    include: ["docs", "readme", "created", "entry-points.ts"],
  };
}

/** Returns one line for each error. */
async function errorsOf(
  typescript: string,
  config: string,
  cwd: string,
): Promise<readonly string[]> {
  const args = [join(typescript, "bin/tsc"), "-p", config, "--pretty", "false"];
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = await once(child, "close");
  const errors = output.split("\n").filter((line) => /error TS\d+/.test(line));
  if (code !== 0 && errors.length === 0) throw new Error(`tsc ended with ${code}\n${output}`);
  return errors;
}

/** Returns the package of others in whose declarations an error is. */
function packageOf(line: string): string | undefined {
  const file = line.slice(0, line.indexOf("("));
  const inside = file.split("node_modules/").at(-1) ?? "";
  if (!file.includes("node_modules/") || /^(?:lutra|@lutra)\//.test(inside)) return undefined;
  return /^(?:@[^/]+\/)?[^/]+/.exec(inside)?.[0];
}
