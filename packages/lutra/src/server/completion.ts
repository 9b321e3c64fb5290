/**
 * Completion on the server: functions beside the arguments they complete.
 *
 * @spec server/utilities/completion
 */
import type { CompleteResult, Completion } from "../protocol/completion.ts";
import { maxCompletionValues } from "../protocol/completion.ts";
import type { Principal } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";

export interface CompleterContext {
  /** Values of the other arguments, as far as the client has them. */
  readonly arguments: { readonly [name: string]: string | undefined };
  readonly principal: Principal | undefined;
  readonly signal: AbortSignal;
}

/** Suggests values that go on from `value`, most relevant first; more than 100 are cut off. */
export type Completer = (
  value: string,
  context: CompleterContext,
) => readonly string[] | Completion | Promise<readonly string[] | Completion>;

/**
 * Puts suggestions into the shape of the result, at most 100 of them.
 *
 * @throws {TypeError} for suggestions that are no text
 */
export function toCompleteResult(
  suggestions: readonly string[] | Completion,
  meta: JSONObject | undefined,
): CompleteResult {
  const given: Completion = isList(suggestions) ? { values: suggestions } : suggestions;
  const { values: all, hasMore = false } = given;
  if (!all.every((value) => typeof value === "string")) {
    throw new TypeError("completion: expected strings");
  }
  // Where there are more than were given, nobody knows how many, unless the completer says so.
  const total = given.total ?? (hasMore ? undefined : all.length);
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
