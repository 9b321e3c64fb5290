/** The modules of a program that belong to its MCP server or client. */
import { posix } from "node:path";
import type { Module } from "./module.ts";

/**
 * Returns the modules that import an SDK, and those that imports between the files of the program
 * connect with them, in either direction.
 */
export function connectedWithSdk(modules: readonly Module[]): ReadonlySet<Module> {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const neighbours = new Map<Module, Set<Module>>(modules.map((module) => [module, new Set()]));
  for (const module of modules) {
    for (const name of module.imports) {
      const target = resolve(module.path, name, byPath);
      if (target === undefined) continue;
      neighbours.get(module)?.add(target);
      neighbours.get(target)?.add(module);
    }
  }
  const found = new Set(modules.filter(({ sdks }) => sdks.size > 0));
  for (const module of found) for (const next of neighbours.get(module) ?? []) found.add(next);
  return found;
}

const endings = [
  "",
  ".ts",
  ".tsx",
  ".mts",
  ".cts",
  ".js",
  ".mjs",
  ".cjs",
  ".jsx",
  "/index.ts",
  "/index.js",
];

/** Finds the file of a relative import, whose name may have the ending of the compiled file. */
function resolve(
  from: string,
  name: string,
  byPath: ReadonlyMap<string, Module>,
): Module | undefined {
  if (!name.startsWith(".")) return undefined;
  const base = posix.join(posix.dirname(from), name);
  const stem = base.replace(/\.[cm]?jsx?$/, "");
  const candidates = [
    ...endings.map((ending) => base + ending),
    ...endings.map((ending) => stem + ending),
  ];
  for (const candidate of candidates) {
    const module = byPath.get(candidate);
    if (module !== undefined) return module;
  }
  return undefined;
}
