/**
 * Elicitation: a question to the user, as a form or through a URL.
 *
 * @spec client/elicitation
 */

import type { ClientCapabilities } from "./capabilities.ts";
import { hasCapabilities } from "./capabilities.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import { parseURL } from "./parse-url.ts";

interface PrimitiveSchema<Type extends string, Default> {
  readonly type: Type;
  readonly title?: string;
  readonly description?: string;
  readonly default?: Default;
}

interface StringSchema extends PrimitiveSchema<"string", string> {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: "email" | "uri" | "date" | "date-time";
  readonly enum?: readonly string[];
  readonly oneOf?: readonly { readonly const: string; readonly title: string }[];
  /** @deprecated Use `oneOf` with titles. */
  readonly enumNames?: readonly string[];
}

interface NumberSchema extends PrimitiveSchema<"number" | "integer", number> {
  readonly minimum?: number;
  readonly maximum?: number;
}

interface MultiSelectSchema extends PrimitiveSchema<"array", readonly string[]> {
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items:
    | { readonly type: "string"; readonly enum: readonly string[] }
    | { readonly anyOf: readonly { readonly const: string; readonly title: string }[] };
}

/** One field of a form. */
export type FieldSchema =
  | StringSchema
  | NumberSchema
  | PrimitiveSchema<"boolean", boolean>
  | MultiSelectSchema;

/** A flat object of primitive fields. */
export interface RequestedSchema {
  readonly $schema?: string;
  readonly type: "object";
  readonly properties: { readonly [name: string]: FieldSchema };
  readonly required?: readonly string[];
}

export interface ElicitFormParams {
  readonly mode?: "form";
  /** Text for the user that explains the question. */
  readonly message: string;
  readonly requestedSchema: RequestedSchema;
}

export interface ElicitURLParams {
  readonly mode: "url";
  readonly message: string;
  readonly url: string;
}

export type ElicitParams = ElicitFormParams | ElicitURLParams;

export interface ElicitRequest {
  readonly method: "elicitation/create";
  readonly params: ElicitParams;
}

export type ElicitContent = {
  readonly [field: string]: string | number | boolean | readonly string[];
};

/** The action of the user: accepted (with content, for a form), declined, or dismissed. */
export interface ElicitResult {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: ElicitContent;
}

/** Returns the capability that an elicitation requires. */
export function elicitationCapability(params: ElicitParams): ClientCapabilities {
  return { elicitation: params.mode === "url" ? { url: {} } : { form: {} } };
}

/** Returns true when a client that declared these capabilities supports the elicitation. */
export function canElicit(params: ElicitParams, declared: ClientCapabilities): boolean {
  return hasCapabilities(elicitationCapability(params), declared);
}

/**
 * Returns true for a URL that reads as it is opened. URL parsers drop or replace line breaks, blanks,
 * backslashes and invisible characters, so that the user would see a host other than the one that the browser opens.
 *
 * @spec client/elicitation#url-mode-elicitation-requests, client/elicitation#safe-url-handling
 */
export function isElicitationURL(url: string): boolean {
  return !/[\p{C}\s\\]/u.test(url) && parseURL(url) !== undefined;
}

/** Returns true for a value of this shape. Does not validate its content against the form. */
export function isElicitResult(value: unknown): value is ElicitResult {
  if (!isObject(value)) return false;
  const { action, content } = value;
  if (action !== "accept" && action !== "decline" && action !== "cancel") return false;
  return content === undefined || (isObject(content) && Object.values(content).every(isFieldValue));
}

/** Returns the default values of a form's fields. */
export function formDefaults(schema: RequestedSchema): ElicitContent {
  const fields = Object.entries(schema.properties as JSONObject);
  const defaults = fields.flatMap(([name, field]) =>
    isObject(field) && isFieldValue(field.default) ? [[name, field.default] as const] : [],
  );
  return Object.fromEntries(defaults);
}

function isFieldValue(value: unknown): value is ElicitContent[string] {
  if (Array.isArray(value)) return value.every((item) => typeof item === "string");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
