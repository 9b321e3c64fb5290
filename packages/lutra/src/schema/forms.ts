/**
 * The schemas of forms. Unlike in other schemas, `format` is an assertion: it is one of the few
 * restrictions that a form has.
 *
 * @spec client/elicitation#requested-schema
 */

import type { RequestedSchema } from "../protocol/elicitation.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { parseURL } from "../protocol/parse-url.ts";
import type { JSONSchemaValidator, Validate } from "./json-schema.ts";
import { described } from "./validation.ts";

/** The formats of a form. Each test takes a time that is proportional to the text. */
const formats: ReadonlyMap<unknown, (text: string) => boolean> = new Map([
  ["email", (text) => /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/.test(text)],
  [
    "uri",
    (text) => /^[a-z][a-z\d+.-]*:[^\s<>"{}|\\^`]*$/i.test(text) && parseURL(text) !== undefined,
  ],
  ["date", isDate],
  ["date-time", (text) => isDate(text.slice(0, 10)) && time.test(text.slice(10))],
]);

const time =
  /^[t ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * Compiles the schema of a form.
 *
 * @throws {TypeError} for a schema that is invalid or not supported
 */
export function compileForm(schema: RequestedSchema, validator: JSONSchemaValidator): Validate {
  const validate = validator(schema as unknown as JSONObject);
  return (content) => validate(content) ?? formatProblem(schema, content);
}

function formatProblem({ properties }: RequestedSchema, content: unknown): string | undefined {
  if (!isObject(content)) return undefined;
  for (const [name, field] of Object.entries(properties as JSONObject)) {
    const test = isObject(field) ? formats.get(field.format) : undefined;
    const text = Object.hasOwn(content, name) ? content[name] : undefined;
    if (test === undefined || typeof text !== "string" || test(text)) continue;
    return described([name], `expected the format ${(field as JSONObject).format}`);
  }
  return undefined;
}

/** Returns true for a day of the calendar. */
function isDate(text: string): boolean {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])-\d\d$/.test(text)) return false;
  return new Date(`${text}T00:00:00Z`).getUTCDate() === Number(text.slice(8));
}
