/** Compiles TypeScript files, without checking their types. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { type OxcError, transformSync } from "oxc-transform";

export interface CompiledModule {
  /** JavaScript with an inline source map. */
  readonly code: string;
  readonly format: "module" | "commonjs";
}

/**
 * Compiles a TypeScript file.
 *
 * @throws {SyntaxError} for the first error, with its line and column
 */
export function compile(file: string): CompiledModule {
  const source = readFileSync(file, "utf8");
  const { code, map, errors } = transformSync(file, source, { sourcemap: true });
  const [error] = errors;
  if (error !== undefined) throw syntaxError(error, file, source);
  const sources = [pathToFileURL(file).href];
  const json = JSON.stringify({ ...map, sources, sourcesContent: undefined });
  const encoded = Buffer.from(json).toString("base64");
  return {
    code: `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}`,
    format: formatOf(file, code),
  };
}

/**
 * Returns the format of a module. A module with `import` or `export` statements is an ES module in
 * every folder, because they can't be meant as anything else.
 */
function formatOf(file: string, code: string): CompiledModule["format"] {
  if (file.endsWith(".mts") || !canBeCommonJS(code)) return "module";
  return !file.endsWith(".cts") && isModuleScope(dirname(file)) ? "module" : "commonjs";
}

/** True if the code has no syntax that only ES modules have. */
function canBeCommonJS(code: string): boolean {
  try {
    new Script(`(function (exports, require, module, __filename, __dirname) {${code}\n})`);
    return true;
  } catch {
    return false;
  }
}

/** True if the nearest package.json says `"type": "module"`. */
function isModuleScope(folder: string): boolean {
  const parent = dirname(folder);
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return Reflect.get(Object(manifest), "type") === "module";
  } catch {
    return parent !== folder && isModuleScope(parent);
  }
}

function syntaxError({ message, labels }: OxcError, file: string, source: string): SyntaxError {
  const before = source.slice(0, labels[0]?.start ?? 0).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new SyntaxError(`${file}:${before.length}:${column}: ${message}`);
}
