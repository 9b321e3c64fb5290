/**
 * Schemas in options: a Standard Schema that also offers JSON Schema (zod, arktype, valibot with
 * its converter), or a plain JSON Schema.
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { isObject, type JSONObject } from "../protocol/json.ts";

/** A schema object of a library that validates and offers JSON Schema. */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly "~standard": StandardSchemaV1.Props<Input, Output> &
    StandardJSONSchemaV1.Props<Input, Output>;
}

/** Any schema that options accept. */
export type Schema = StandardSchema | JSONObject;

/**
 * Anything that is meant as a schema: also one of a library without JSON Schema, so that its type
 * error names the remedy.
 */
export type SchemaLike = Schema | StandardSchemaV1 | EarlyZodSchema;

/** A schema of zod before 3.24, which is not a Standard Schema. */
interface EarlyZodSchema {
  readonly _def: object;
  readonly _output: unknown;
}

/**
 * The type that a schema must have besides its own: any, or for a value that is not a schema, a text
 * that names the remedy in the type error.
 */
export type SchemaHint<S> = S extends StandardSchema
  ? unknown
  : S extends StandardSchemaV1 | EarlyZodSchema
    ? "this schema offers no JSON Schema: use zod 4.2 or newer; for valibot, toStandardJsonSchema()"
    : [keyof S] extends [never]
      ? unknown
      : S extends { readonly [name: string]: StandardSchemaV1 | EarlyZodSchema }
        ? "expected one schema: wrap the object of schemas in z.object({ ... })"
        : unknown;

/** Remedies for schemas of libraries that offer no JSON Schema, by vendor. */
const remedies: { readonly [vendor: string]: string } = {
  zod: "use zod 4.2 or newer; for zod/mini, pass z.toJSONSchema(schema)",
  valibot: "wrap it in toStandardJsonSchema() of @valibot/to-json-schema",
};

/** Returns true for a schema object that validates and offers JSON Schema. */
export function isStandardSchema(schema: unknown): schema is StandardSchema {
  const standard = memberOf(schema, "~standard");
  return isObject(standard) && "validate" in standard && "jsonSchema" in standard;
}

/**
 * Checks that a value is a schema, as far as this is known before it is compiled.
 *
 * @throws {TypeError} that names the remedy
 */
export function requireSchema(where: string, schema: unknown): asserts schema is Schema {
  if (isStandardSchema(schema)) return;
  const vendor = vendorOf(schema);
  if (vendor !== undefined) {
    const remedy = remedies[vendor] ?? "use a version with Standard JSON Schema, or a JSON Schema";
    throw new TypeError(`${where}: this schema of ${vendor} offers no JSON Schema; ${remedy}`);
  }
  if (!isObject(schema)) {
    throw new TypeError(`${where}: expected a schema, such as z.object({ ... }), or a JSON Schema`);
  }
  if (Object.values(schema).some(isSchemaObject)) {
    throw new TypeError(
      `${where}: expected one schema, got an object of schemas; wrap it in z.object({ ... })`,
    );
  }
}

/**
 * Returns the JSON Schema of the values before validation (`input`) or after it (`output`).
 *
 * @throws {TypeError} for a schema without a JSON Schema, with the field that has none
 */
export function jsonSchemaOf(where: string, schema: unknown, side: "input" | "output"): JSONObject {
  requireSchema(where, schema);
  if (!isStandardSchema(schema)) return schema;
  try {
    return convert(schema, side);
  } catch (cause) {
    const field = unconvertible(schema, side);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `${where}${field}: ${reason}; describe the value as JSON carries it, for example as a string`,
      { cause },
    );
  }
}

function convert(schema: StandardSchema, side: "input" | "output"): JSONObject {
  return schema["~standard"].jsonSchema[side]({ target: "draft-2020-12" });
}

/** Returns the path of the first field without a JSON Schema, if the library shows its fields. */
function unconvertible(schema: StandardSchema, side: "input" | "output"): string {
  const fields = memberOf(schema, "shape") ?? memberOf(schema, "entries");
  for (const [name, field] of isObject(fields) ? Object.entries(fields) : []) {
    try {
      if (isStandardSchema(field)) convert(field, side);
    } catch {
      return `.${name}`;
    }
  }
  return "";
}

/** Returns true for a schema object of a library, also of one without JSON Schema. */
export function isSchemaObject(value: unknown): boolean {
  return vendorOf(value) !== undefined;
}

/** Returns the library of a schema object. Early versions of zod 3 are recognized by `_def`. */
function vendorOf(schema: unknown): string | undefined {
  const standard = memberOf(schema, "~standard");
  if (isObject(standard)) return String(standard.vendor);
  return isObject(memberOf(schema, "_def")) ? "zod" : undefined;
}

/** Returns a member of an object or of a function, as the schemas of some libraries are functions. */
function memberOf(value: unknown, name: string): unknown {
  const isContainer = (typeof value === "object" && value !== null) || typeof value === "function";
  return isContainer ? (value as { readonly [name: string]: unknown })[name] : undefined;
}
