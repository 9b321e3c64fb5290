/** The page of an app, from text, from a file, or from a built bundle. */
import { requireKnownMembers } from "../../protocol/known-members.ts";
import { reportRead } from "../../server/files-read.ts";
import { type BundleFiles, inlineBundle } from "./inline-bundle.ts";

/** The source of the page of an app. Files are read once, when the app is defined. */
export type AppPage =
  /** A complete HTML document. */
  | { readonly html: string }
  /** An HTML file. Use `new URL("./map.html", import.meta.url)`; a path is relative to the process. */
  | { readonly file: string | URL }
  /**
   * The `index.html` of a built page. Scripts, styles and images that it loads from its folder, or
   * from installed packages, are inlined.
   */
  | { readonly bundle: string | URL };

/**
 * Returns the document.
 *
 * @throws {TypeError} for a file that can't be read, and for files in a runtime without a file system
 */
export function loadPage(where: string, page: AppPage): string {
  requireKnownMembers(page, ["html", "file", "bundle"], `${where}: resource`);
  if ("html" in page && typeof page.html === "string") return page.html;
  const path = "file" in page ? page.file : "bundle" in page && page.bundle;
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TypeError(`${where}: resource: expected { html }, { file } or { bundle }`);
  }
  return "file" in page ? readerOf(where).text(path) : readBundle(where, path);
}

function readBundle(where: string, index: string | URL): string {
  const { text, base64, modules } = readerOf(where);
  const { dirname, resolve, sep } = modules.path;
  const page = resolve(index instanceof URL ? modules.url.fileURLToPath(index) : index);
  const folder = dirname(page);
  const locate = (name: string) => {
    // In a built page, a path that starts with a slash is relative to the folder of the page.
    const inside = resolve(folder, `.${sep}${name}`);
    if (!inside.startsWith(folder + sep)) {
      throw new TypeError(`${where}: resource: ${name}: expected a file below ${folder}`);
    }
    const isPackage = /^(?:@[\w.-]+\/)?\w[\w.-]*\//.test(name) && !modules.fs.existsSync(inside);
    return isPackage ? (resolveModule(modules, page, name) ?? inside) : inside;
  };
  const files: BundleFiles = {
    text: (name) => text(locate(name)),
    base64: (name) => base64(locate(name)),
  };
  return inlineBundle(text(page), files);
}

/** Returns the path of a module of an installed package, or undefined. */
function resolveModule({ module }: NodeModules, page: string, name: string): string | undefined {
  try {
    return module.createRequire(page).resolve(name);
  } catch {
    return undefined;
  }
}

/** The modules of Node, which bundlers for other runtimes must not see. */
interface NodeModules {
  readonly fs: typeof import("node:fs");
  readonly module: typeof import("node:module");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
}

function readerOf(where: string) {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const builtin = process?.getBuiltinModule;
  if (builtin === undefined) {
    throw new TypeError(`${where}: resource: this runtime has no file system; pass { html }`);
  }
  const modules: NodeModules = {
    fs: builtin("node:fs"),
    module: builtin("node:module"),
    path: builtin("node:path"),
    url: builtin("node:url"),
  };
  const read = (path: string | URL, encoding: "utf8" | "base64") => {
    reportRead(path);
    try {
      return modules.fs.readFileSync(path, encoding);
    } catch (cause) {
      throw new TypeError(`${where}: resource: ${path}: cannot be read`, { cause });
    }
  };
  return {
    modules,
    text: (path: string | URL) => read(path, "utf8"),
    base64: (path: string) => read(path, "base64"),
  };
}
