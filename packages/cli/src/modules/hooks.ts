/**
 * The hooks with which Node loads TypeScript and JSON modules. Versions of Node that can't call
 * hooks in the thread of the program load this module in a separate thread.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { MessagePort } from "node:worker_threads";
import { compile } from "./compile.ts";
import { isLoadedAgain, isTypeScript, redirect } from "./source-path.ts";

interface LoadContext {
  /** Absent in the load hook of Node 20, which is not called for `require`. */
  readonly conditions?: readonly string[];
}

interface ResolveContext extends LoadContext {
  readonly parentURL?: string | undefined;
}

interface LoadedSource {
  readonly format: "module" | "commonjs";
  readonly source: string | null;
  readonly shortCircuit: true;
}

type Next<Context, Result> = (name: string, context: Context) => Result;

let loaded: MessagePort | undefined;

/** Sets the port that receives the path of each file that is loaded again when it changes. */
export function initialize(port: MessagePort): void {
  loaded = port;
}

/** Resolves the imports of TypeScript modules, and of modules that are loaded again. */
export function resolve<Result>(
  specifier: string,
  context: ResolveContext,
  next: Next<ResolveContext, Result>,
): Result {
  const target = isRequired(context) ? specifier : redirect(specifier, context.parentURL);
  return next(target, context);
}

/** Loads TypeScript modules, and JSON modules with or without an import attribute. */
export function load<Result>(
  url: string,
  context: LoadContext,
  next: Next<LoadContext, Result>,
): Result | LoadedSource {
  if (isRequired(context) || !url.startsWith("file:")) return next(url, context);
  if (isLoadedAgain(url)) loaded?.postMessage(fileURLToPath(url));
  if (isTypeScript(url)) {
    const { code, format } = compile(fileURLToPath(url));
    // Without a source, Node loads the file with `require`, which compiles it again.
    const source = format === "commonjs" ? null : code;
    return { format, source, shortCircuit: true };
  }
  if (!/\.json(?:\?.*)?$/.test(url)) return next(url, context);
  const source = `export default ${jsonOf(fileURLToPath(url))}`;
  return { format: "module", source, shortCircuit: true };
}

/** True for calls of `require`, which `register.ts` handles alike in all versions of Node. */
function isRequired({ conditions }: LoadContext): boolean {
  return conditions?.includes("require") ?? false;
}

function jsonOf(file: string): string {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new SyntaxError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}
