/**
 * Roots: the directories that a client offers. Deprecated: pass them as tool arguments, resource URIs
 * or configuration instead.
 *
 * @spec client/roots
 */
import type { ClientCapabilities } from "./capabilities.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";

/** @deprecated Pass directories as tool arguments, resource URIs or configuration instead. */
export interface Root {
  /** A `file:` URI. */
  readonly uri: string;
  readonly name?: string;
  readonly _meta?: JSONObject;
}

/** @deprecated Pass directories as tool arguments, resource URIs or configuration instead. */
export interface ListRootsRequest {
  readonly method: "roots/list";
  readonly params?: JSONObject;
}

/** @deprecated Pass directories as tool arguments, resource URIs or configuration instead. */
export interface ListRootsResult {
  readonly roots: readonly Root[];
}

export const rootsCapability: ClientCapabilities = { roots: {} };

/** Returns true for the shape of a roots result. */
export function isListRootsResult(value: unknown): value is ListRootsResult {
  return (
    isObject(value) &&
    Array.isArray(value.roots) &&
    value.roots.every((root) => isObject(root) && typeof root.uri === "string")
  );
}
