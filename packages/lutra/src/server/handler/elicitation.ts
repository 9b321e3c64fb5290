/**
 * Elicitation on the server: forms made from schemas, and the check of their answers.
 *
 * @spec client/elicitation#requested-schema
 */
import type {
  ElicitFormParams,
  ElicitParams,
  ElicitRequest,
  ElicitURLParams,
  RequestedSchema,
} from "../../protocol/elicitation.ts";
import { isElicitationURL } from "../../protocol/elicitation.ts";
import type { InputResponse } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import { compileForm } from "../../schema/forms.ts";
import type { JSONSchemaValidator } from "../../schema/json-schema.ts";
import type { Input, Output } from "../../schema/schema.ts";
import { jsonSchemaOf, type StandardSchema } from "../../schema/standard-schema.ts";

/** A form to fill in. */
export interface FormQuestion<Form> {
  readonly mode?: "form";
  /** Text for the user that explains the question. Never ask for secrets in a form. */
  readonly message: string;
  /** A flat object of primitive fields: a Standard Schema or a plain JSON Schema. */
  readonly requestedSchema: Form;
}

/** The values of fields that a form can have. */
type FieldValue = string | number | boolean | readonly string[] | undefined;

/** The names of fields whose values have another type. A form has no nested objects and no null. */
type OtherFields<Values> = {
  [Name in keyof Values]-?: unknown extends Values[Name]
    ? never
    : Values[Name] extends FieldValue
      ? never
      : Name;
}[keyof Values];

type FieldErrors<Names extends PropertyKey> = {
  readonly [Name in Names]: "expected a string, a number, a boolean or a choice of strings";
};

/** Accepts every flat form. For any other form, the type error names the field. */
export type FlatQuestion<Form> = [OtherFields<Input<Form>>] extends [never]
  ? unknown
  : Form extends StandardSchema
    ? { readonly requestedSchema: FieldErrors<OtherFields<Input<Form>>> }
    : {
        readonly requestedSchema: {
          readonly properties: FieldErrors<OtherFields<Input<Form>>>;
        };
      };

/** The answer to a form. When the user accepted, its content has the type of the form. */
export type Answer<Form> =
  | { readonly action: "accept"; readonly content: Output<Form> }
  | { readonly action: "decline" | "cancel"; readonly content?: undefined };

/** The answer to a URL elicitation. Acceptance means consent, not completion. */
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
const formats: ReadonlySet<unknown> = new Set(["email", "uri", "date", "date-time"]);
const fieldTypes: ReadonlySet<unknown> = new Set([
  "string",
  "number",
  "integer",
  "boolean",
  "array",
]);

const compiled = new WeakMap<object, RequestedSchema>();

/**
 * Returns the wire parameters of a question.
 *
 * @throws {TypeError} for a schema that is not a flat object of primitive fields, or an invalid URL
 */
export function elicitParams(
  question: FormQuestion<StandardSchema | JSONObject> | ElicitURLParams,
): ElicitParams {
  if (!("url" in question)) return formParams(question);
  const { message, url } = question;
  if (!isElicitationURL(url)) throw new TypeError(`elicitation: ${url}: expected a URL`);
  return { mode: "url", message, url };
}

/** Checks an elicitation of `inputRequired` by the rules of `context.elicit`. */
export function checkedElicitation(request: ElicitRequest): ElicitRequest {
  const { params } = request;
  if (params.mode === "url") return { ...request, params: elicitParams(params) };
  const { message, requestedSchema } = params as unknown as FormQuestion<JSONObject>;
  return { ...request, params: formParams({ message, requestedSchema }) };
}

/**
 * Returns false for an accepted form whose content does not fit its schema.
 *
 * @spec client/elicitation#form-mode-security
 */
export function fitsForm(
  { params }: ElicitRequest,
  response: InputResponse,
  validator: JSONSchemaValidator,
): boolean {
  if (params.mode === "url") return true;
  if (!("action" in response) || response.action !== "accept") return true;
  return compileForm(params.requestedSchema, validator)(response.content ?? {}) === undefined;
}

function formParams({
  message,
  requestedSchema,
}: FormQuestion<StandardSchema | JSONObject>): ElicitFormParams {
  let schema = compiled.get(requestedSchema);
  if (schema === undefined) {
    schema = toRequestedSchema(requestedSchema);
    compiled.set(requestedSchema, schema);
  }
  return { mode: "form", message, requestedSchema: schema };
}

function toRequestedSchema(schema: StandardSchema | JSONObject): RequestedSchema {
  const json = jsonSchemaOf("requestedSchema", schema, "input");
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

/** Keeps the keywords that clients can display and drops those that schema libraries add. */
function toField(name: string, field: unknown): JSONObject {
  if (!isObject(field) || !fieldTypes.has(field.type)) {
    throw new TypeError(`requestedSchema.${name}: expected a string, number, boolean or a choice`);
  }
  if (field.type === "array" && !isChoice(field.items)) {
    throw new TypeError(`requestedSchema.${name}.items: expected an enum of strings, or titles`);
  }
  const kept: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(field)) {
    const isKnown = fieldKeywords.has(keyword);
    if (isKnown && (keyword !== "format" || formats.has(value))) kept[keyword] = value;
  }
  // Forms have no `const`. An `enum` with one value is equivalent.
  if (typeof field.const === "string") kept.enum = [field.const];
  if (kept.type === "integer") dropUnbounded(kept);
  if (kept.type === "array") kept.items = withTitles(kept.items);
  requireDefault(name, kept);
  return kept;
}

/** Completes choices without a title, which schema libraries create, because forms require one. */
function withTitles(items: unknown): unknown {
  if (!isObject(items) || !Array.isArray(items.anyOf)) return items;
  return { anyOf: items.anyOf.map(({ const: value, title = value }) => ({ const: value, title })) };
}

function isChoice(items: unknown): boolean {
  if (!isObject(items)) return false;
  if (Array.isArray(items.anyOf))
    return items.anyOf.every((one) => isObject(one) && typeof one.const === "string");
  return items.type === "string" && Array.isArray(items.enum) && items.enum.every(isText);
}

/** Checks that a default is a value of the field, because JSON Schema allows any. */
function requireDefault(name: string, { type, default: value }: JSONObject): void {
  const own = type === "integer" ? "number" : type;
  if (value === undefined || (type === "array" ? isTexts(value) : typeof value === own)) return;
  const expected = type === "array" ? "a list of strings" : `a ${own}`;
  throw new TypeError(`requestedSchema.${name}.default: expected ${expected}`);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Drops the bounds that schema libraries add to every integer: the safe range. */
function dropUnbounded(field: Record<string, unknown>): void {
  if (field.minimum === Number.MIN_SAFE_INTEGER) delete field.minimum;
  if (field.maximum === Number.MAX_SAFE_INTEGER) delete field.maximum;
}
