/** Registers the loader of TypeScript modules with Node. */
import module, { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { redirect } from "./source-path.ts";

/** The parts of `node:module` that its type definitions for Node 20 lack. */
interface ModuleInternals {
  /** Present since Node 22.15. */
  readonly registerHooks?: (hooks: object) => void;
  readonly _extensions: { [ending: string]: (module: CommonJSModule, file: string) => void };
  _resolveFilename: (
    specifier: string,
    parent: CommonJSModule | undefined,
    ...rest: readonly unknown[]
  ) => string;
}

interface CommonJSModule {
  readonly filename?: string;
  _compile(code: string, file: string, format: string): void;
}

const internals = module as unknown as ModuleInternals;
const require = createRequire(import.meta.url);
/** Receives the paths of loaded files from the hooks, which may run in another thread. */
let loaded: MessagePort | undefined;

/** Lets this process import and require TypeScript modules from now on. */
export async function registerTypeScript(): Promise<void> {
  if (loaded !== undefined) return;
  const { port1, port2 } = new MessageChannel();
  loaded = port1;
  process.setSourceMapsEnabled(true);
  registerRequire();
  if (internals.registerHooks === undefined) {
    module.register("./hooks.js", import.meta.url, { data: port2, transferList: [port2] });
  } else {
    const hooks = await import("./hooks.ts");
    hooks.initialize(port2);
    internals.registerHooks(hooks);
  }
}

/** Returns the files that were loaded since the last call, of those that are loaded again. */
export function takeLoadedFiles(): readonly string[] {
  const files: string[] = [];
  for (;;) {
    const received = loaded && receiveMessageOnPort(loaded);
    if (received === undefined) return files;
    files.push(received.message);
  }
}

/** `require` consults the hooks only in the latest versions of Node. */
function registerRequire(): void {
  const { _extensions, _resolveFilename } = internals;
  for (const ending of [".ts", ".tsx", ".mts", ".cts"]) {
    _extensions[ending] = (module, file) => {
      // Few programs require TypeScript, so the compiler is loaded when one does.
      const { compile }: typeof import("./compile.ts") = require("./compile.js");
      const { code, format } = compile(file);
      module._compile(code, file, format);
    };
  }
  internals._resolveFilename = function (specifier, parent, ...rest) {
    const { filename } = parent ?? {};
    const parentUrl = filename === undefined ? undefined : pathToFileURL(filename).href;
    const target = redirect(specifier, parentUrl);
    const path = target === specifier ? specifier : fileURLToPath(target);
    return _resolveFilename.call(this, path, parent, ...rest);
  };
}
