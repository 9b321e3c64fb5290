/**
 * The rules for a list of client extensions. They are checked before any extension is installed.
 *
 * @spec basic/versioning#extension-negotiation
 */
import { isExtensionId } from "../protocol/meta.ts";
import type { Method } from "../protocol/method.ts";
import { coreMethods } from "../protocol/methods.ts";
import type { ClientExtension } from "./extension.ts";

/**
 * Checks ids, dependencies, methods and result types.
 *
 * @throws {TypeError} naming the first extension that breaks a rule
 */
export function checkExtensions(
  extensions: readonly ClientExtension[],
  methods: readonly Method[],
): void {
  const ids = new Set<string>();
  const types = new Map<string, string>();
  const known = new Map<string, Method>();
  for (const method of [...coreMethods, ...methods]) known.set(method.name, method);
  for (const extension of extensions) {
    checkId(extension, ids);
    ids.add(extension.id);
    for (const method of extension.methods ?? []) {
      if ((known.get(method.name) ?? method) !== method) {
        throw new TypeError(`extensions: ${extension.id}: ${method.name} is already defined`);
      }
      known.set(method.name, method);
    }
    for (const type of Object.keys(extension.resultTypes ?? {})) {
      const owner = types.get(type);
      if (owner !== undefined) {
        throw new TypeError(
          `extensions: ${extension.id}: the result type ${JSON.stringify(type)} belongs to ${owner}`,
        );
      }
      types.set(type, extension.id);
    }
  }
}

function checkId({ id, requires = [] }: ClientExtension, before: ReadonlySet<string>): void {
  if (!isExtensionId(id)) {
    throw new TypeError(`extensions: expected an identifier {vendor}/{name}, got ${id}`);
  }
  if (before.has(id)) throw new TypeError(`extensions: ${id} is listed twice`);
  const missing = requires.find((required) => !before.has(required));
  if (missing !== undefined) {
    throw new TypeError(`extensions: ${id} requires ${missing}, which must be listed before it`);
  }
}
