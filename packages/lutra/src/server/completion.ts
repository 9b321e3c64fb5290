/**
 * Completion on the server: functions that suggest values for an argument.
 *
 * @spec server/utilities/completion
 */
import type { CompleteResult, Completion } from "../protocol/completion.ts";
import { maxCompletionValues } from "../protocol/completion.ts";
import type { Principal } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";

export interface CompleterContext {
  /** The values of the other arguments that the client has sent. */
  readonly arguments: { readonly [name: string]: string | undefined };
  readonly principal: Principal | undefined;
  readonly signal: AbortSignal;
}

/** Suggests values that continue `value`, the most relevant first. Only 100 are sent. */
export type Completer = (
  value: string,
  context: CompleterContext,
) => readonly string[] | Completion | Promise<readonly string[] | Completion>;

/**
 * Returns the result for a list of suggestions, limited to 100.
 *
 * @throws {TypeError} for a suggestion that is not a string, and an invalid total
 */
export function toCompleteResult(
  suggestions: readonly string[] | Completion,
  meta: JSONObject | undefined,
): CompleteResult {
  const given: Completion = isList(suggestions) ? { values: suggestions } : suggestions;
  const { values: all } = given;
  const hasMore = Boolean(given.hasMore);
  if (!all.every((value) => typeof value === "string")) {
    throw new TypeError("completion: expected a list of strings");
  }
  // With `hasMore`, the total is unknown unless the completer provides it.
  const total = given.total ?? (hasMore ? undefined : all.length);
  if (total !== undefined && !(Number.isSafeInteger(total) && total >= 0)) {
    throw new TypeError("completion: total: expected an integer of 0 or more");
  }
  const values = all.slice(0, maxCompletionValues);
  const completion: Completion = {
    values,
    ...(total !== undefined && { total }),
    hasMore: hasMore || all.length > values.length || (total ?? 0) > values.length,
  };
  return { resultType: "complete", completion, ...(meta && { _meta: meta }) };
}

function isList(value: readonly string[] | Completion): value is readonly string[] {
  return Array.isArray(value);
}
