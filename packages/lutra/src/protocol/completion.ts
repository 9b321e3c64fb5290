/**
 * Completion of prompt arguments and of template variables.
 *
 * @spec server/utilities/completion
 */
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import type { Method } from "./method.ts";
import { defineMethod, optionalObject, requireString } from "./method.ts";
import { stringMembers } from "./prompts.ts";
import { boolean, listOf, number, object, optional, parserOf, string } from "./shape.ts";

/** The prompt or resource template whose argument is completed. */
export type CompletionReference =
  | { readonly type: "ref/prompt"; readonly name: string; readonly title?: string }
  | { readonly type: "ref/resource"; readonly uri: string };

export interface CompleteParams {
  readonly ref: CompletionReference;
  readonly argument: { readonly name: string; readonly value: string };
  readonly context?: { readonly arguments?: { readonly [name: string]: string } } | undefined;
}

export interface Completion {
  /** At most 100 values, the most relevant first. */
  readonly values: readonly string[];
  /** Total number of values that match. */
  readonly total?: number;
  readonly hasMore?: boolean;
}

export interface CompleteResult extends Result {
  readonly completion: Completion;
}

/** @spec server/utilities/completion#completion-results */
export const maxCompletionValues = 100;

export const complete: Method<CompleteParams, CompleteResult> = defineMethod({
  name: "completion/complete",
  params: parseCompleteParams,
  result: parserOf(
    object({
      completion: object({
        values: listOf(string),
        total: optional(number),
        hasMore: optional(boolean),
      }),
    }),
  ),
  capability: "completions",
  safe: true,
});

function parseCompleteParams(params: JSONObject): CompleteParams {
  const { argument } = params;
  if (!isObject(argument)) throw invalidParams("params.argument: expected an object");
  const context = optionalObject(params, "context");
  return {
    ref: parseReference(params.ref),
    argument: {
      name: requireString(argument, "name", "params.argument"),
      value: requireString(argument, "value", "params.argument"),
    },
    context: context && { arguments: parseContextArguments(context.arguments) },
  };
}

function parseReference(ref: unknown): CompletionReference {
  if (!isObject(ref)) throw invalidParams("params.ref: expected an object");
  if (ref.type === "ref/prompt") {
    return { type: "ref/prompt", name: requireString(ref, "name", "params.ref") };
  }
  if (ref.type === "ref/resource") {
    return { type: "ref/resource", uri: requireString(ref, "uri", "params.ref") };
  }
  throw invalidParams('params.ref.type: expected "ref/prompt" or "ref/resource"');
}

function parseContextArguments(value: unknown): { readonly [name: string]: string } {
  if (value === undefined) return {};
  if (!isObject(value)) throw invalidParams("params.context.arguments: expected an object");
  return stringMembers(value, "params.context.arguments");
}
