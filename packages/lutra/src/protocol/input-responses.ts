/**
 * The answers of a client to input requests, in the parameters of a retry.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { optionalObject } from "./method.ts";

/** The parameters that a retry adds to those of the original request. */
export interface InputResponseParams {
  readonly inputResponses?: JSONObject | undefined;
  readonly requestState?: string | undefined;
}

/** Parses the parameters that a retry adds. */
export function parseInputResponseParams(params: JSONObject): InputResponseParams {
  const { requestState } = params;
  if (requestState !== undefined && typeof requestState !== "string") {
    throw invalidParams("params.requestState: expected a string");
  }
  return { inputResponses: optionalObject(params, "inputResponses"), requestState };
}

/** Members of `params` that differ between the rounds of one exchange. */
const perRound: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);

/** Returns the parameters that are the same in all rounds of one exchange. */
export function originalParams(params: JSONObject = {}): JSONObject {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !perRound.has(name)));
}
