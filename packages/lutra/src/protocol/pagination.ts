/**
 * Lists in pages, with opaque cursors.
 *
 * @spec server/utilities/pagination
 */
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";

/** Maximum length of a cursor, which a client sends back: enough for keys of 8000 characters. */
export const maxCursorLength = 65_536;

export interface PaginatedParams {
  /** Opaque. An empty string is also a valid cursor. */
  readonly cursor?: string | undefined;
}

/** Parses the parameters of a list request. */
export function parsePaginatedParams(params: JSONObject): PaginatedParams {
  const { cursor } = params;
  if (cursor !== undefined && typeof cursor !== "string") {
    throw invalidParams("params.cursor: expected a string");
  }
  return { cursor };
}
