/**
 * The form that an elicitation shows, from a schema of the user's choice.
 *
 * @spec client/elicitation#requested-schema
 */
import type { ElicitFormParams, RequestedSchema } from "../protocol/elicitation.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { isStandardSchema, type Output, type StandardSchema } from "../schema/schema.ts";

/** A form to fill in. */
export interface FormQuestion<Form> {
  readonly mode?: "form";
  /** Why the question is asked, for the user. Never ask for secrets in a form. */
  readonly message: string;
  /** A flat object of primitive fields: a Standard Schema or a plain JSON Schema. */
  readonly requestedSchema: Form;
}

/** What came of a question: the content typed by the form, when the user accepted. */
export type Answer<Form> =
  | { readonly action: "accept"; readonly content: Output<Form> }
  | { readonly action: "decline" | "cancel"; readonly content?: undefined };

/** What came of sending the user to a URL; acceptance is consent, not completion. */
export interface URLAnswer {
  readonly action: "accept" | "decline" | "cancel";
}

const fieldKeywords = new Set([
  "type",
  "title",
  "description",
  "default",
  "minLength",
  "maxLength",
  "format",
  "enum",
  "enumNames",
  "oneOf",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "items",
]);
const formats = new Set(["email", "uri", "date", "date-time"]);
const fieldTypes = new Set(["string", "number", "integer", "boolean", "array"]);

const compiled = new WeakMap<object, RequestedSchema>();

/**
 * Turns a question into what goes over the wire.
 *
 * @throws {TypeError} for a schema that is not a flat object of primitive fields
 */
export function formParams<Form extends StandardSchema | JSONObject>(
  question: FormQuestion<Form>,
): ElicitFormParams {
  const { message, requestedSchema } = question;
  let schema = compiled.get(requestedSchema);
  if (schema === undefined) {
    schema = toRequestedSchema(requestedSchema);
    compiled.set(requestedSchema, schema);
  }
  return { mode: "form", message, requestedSchema: schema };
}

function toRequestedSchema(schema: StandardSchema | JSONObject): RequestedSchema {
  const json = isStandardSchema(schema)
    ? schema["~standard"].jsonSchema.input({ target: "draft-2020-12" })
    : schema;
  if (json.type !== "object" || !isObject(json.properties)) {
    throw new TypeError("requestedSchema: expected an object with properties");
  }
  const properties: Record<string, JSONObject> = {};
  for (const [name, field] of Object.entries(json.properties)) {
    properties[name] = toField(name, field);
  }
  const required = Array.isArray(json.required) ? { required: json.required } : {};
  return { type: "object", properties, ...required } as unknown as RequestedSchema;
}

/** Keeps the keywords that clients know how to show, and drops those that libraries add. */
function toField(name: string, field: unknown): JSONObject {
  if (!isObject(field) || !fieldTypes.has(String(field.type))) {
    throw new TypeError(`requestedSchema.${name}: expected a string, number, boolean or a choice`);
  }
  const kept: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(field)) {
    const isKnown = fieldKeywords.has(keyword);
    if (isKnown && (keyword !== "format" || formats.has(String(value)))) kept[keyword] = value;
  }
  if (kept.type === "integer") dropUnbounded(kept);
  return kept;
}

/** Libraries bound integers by the safe range; a form need not show that. */
function dropUnbounded(field: Record<string, unknown>): void {
  if (field.minimum === Number.MIN_SAFE_INTEGER) delete field.minimum;
  if (field.maximum === Number.MAX_SAFE_INTEGER) delete field.maximum;
}
