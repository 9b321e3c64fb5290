/**
 * Prompts: message templates that a user selects.
 *
 * @spec server/prompts
 */
import type { CacheableResult } from "./caching.ts";
import { type ContentBlock, contentBlock, type Role } from "./content.ts";
import { invalidParams } from "./errors.ts";
import type { Icon } from "./icons.ts";
import { type InputResponseParams, parseInputResponseParams } from "./input-responses.ts";
import type { JSONObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import type { Method } from "./method.ts";
import { defineMethod, optionalObject, requireString } from "./method.ts";
import type { PaginatedParams } from "./pagination.ts";
import { parsePaginatedParams } from "./pagination.ts";
import {
  boolean,
  descriptive,
  listOf,
  object,
  oneOf,
  optional,
  parserOf,
  string,
} from "./shape.ts";

export interface PromptArgument {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly required?: boolean;
}

/** An entry of `prompts/list`. */
export interface Prompt {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly arguments?: readonly PromptArgument[];
  readonly _meta?: JSONObject;
}

export interface PromptMessage {
  readonly role: Role;
  readonly content: ContentBlock;
}

export interface ListPromptsResult extends CacheableResult {
  readonly prompts: readonly Prompt[];
  readonly nextCursor?: string;
}

export interface GetPromptParams extends InputResponseParams {
  readonly name: string;
  readonly arguments: { readonly [name: string]: string };
}

export interface GetPromptResult extends Result {
  readonly description?: string;
  readonly messages: readonly PromptMessage[];
}

const promptArgument = object({
  name: string,
  title: optional(string),
  description: optional(string),
  required: optional(boolean),
});

export const listPrompts: Method<PaginatedParams, ListPromptsResult> = defineMethod({
  name: "prompts/list",
  params: parsePaginatedParams,
  result: parserOf(
    object({
      prompts: listOf(object({ ...descriptive, arguments: optional(listOf(promptArgument)) })),
      nextCursor: optional(string),
    }),
  ),
  capability: "prompts",
  cacheable: true,
  changedBy: "promptsListChanged",
  safe: true,
});

export const getPrompt: Method<GetPromptParams, GetPromptResult> = defineMethod({
  name: "prompts/get",
  params: (params) => ({
    name: requireString(params, "name"),
    arguments: stringMembers(optionalObject(params, "arguments") ?? {}, "params.arguments"),
    ...parseInputResponseParams(params),
  }),
  result: parserOf(
    object({
      description: optional(string),
      messages: listOf(object({ role: oneOf("user", "assistant"), content: contentBlock })),
    }),
  ),
  nameField: "name",
  capability: "prompts",
  inputRequired: true,
  safe: true,
});

/** Checks that every member of an object is a string. */
export function stringMembers(
  value: JSONObject,
  where: string,
): { readonly [key: string]: string } {
  for (const key of Object.keys(value)) {
    if (typeof value[key] !== "string") throw invalidParams(`${where}.${key}: expected a string`);
  }
  return value as { readonly [key: string]: string };
}
