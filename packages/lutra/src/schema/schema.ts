/**
 * Schemas in options: a Standard Schema that also offers JSON Schema (zod, arktype, valibot with
 * its converter), or a plain JSON Schema.
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { chain } from "../protocol/chain.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import type { FromJSONSchema } from "./from-json-schema.ts";
import type { JSONSchemaValidator } from "./json-schema.ts";

/** A schema object of a library that validates and offers JSON Schema. */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly "~standard": StandardSchemaV1.Props<Input, Output> &
    StandardJSONSchemaV1.Props<Input, Output>;
}

/** Any schema that options accept. */
export type Schema = StandardSchema | JSONObject;

/** The type of a value after validation. */
export type Output<S> = S extends StandardSchema<unknown, infer Value> ? Value : FromJSONSchema<S>;

/** The type of a value before validation. */
export type Input<S> = S extends StandardSchema<infer Value, unknown> ? Value : FromJSONSchema<S>;

/** A valid value, with defaults and conversions applied, or a description of the problem. */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

export interface CompiledSchema<T = unknown> {
  /** The JSON Schema that the client receives. */
  readonly jsonSchema: JSONObject;
  readonly check: (value: unknown) => Checked<T> | Promise<Checked<T>>;
}

/**
 * Compiles a schema.
 *
 * @param side The JSON Schema for values before (`input`) or after (`output`) conversion
 * @throws {TypeError} for an invalid schema, or one that the validator does not support
 */
export function compileSchema(
  schema: Schema,
  side: "input" | "output",
  validator: JSONSchemaValidator,
): CompiledSchema {
  if (isStandardSchema(schema)) return compileStandard(schema, side);
  if (!isObject(schema)) throw new TypeError("schema: expected a JSON Schema object");
  if ("~standard" in schema) {
    throw new TypeError(
      "schema: expected a Standard Schema that offers JSON Schema; for valibot, wrap it in " +
        "toStandardJsonSchema() of @valibot/to-json-schema",
    );
  }
  const validate = validator(schema);
  return {
    jsonSchema: schema,
    check: (value) => {
      const problem = validate(value);
      return problem === undefined ? { value } : { problem };
    },
  };
}

/** Returns true for a schema object that validates and offers JSON Schema. */
export function isStandardSchema(schema: unknown): schema is StandardSchema {
  // The schemas of some libraries are functions.
  if (schema === null || (typeof schema !== "object" && typeof schema !== "function")) return false;
  const standard = (schema as { readonly "~standard"?: unknown })["~standard"];
  return isObject(standard) && "validate" in standard && "jsonSchema" in standard;
}

function compileStandard(schema: StandardSchema, side: "input" | "output"): CompiledSchema {
  const standard = schema["~standard"];
  const jsonSchema = standard.jsonSchema[side]({ target: "draft-2020-12" });
  return {
    jsonSchema,
    check: (value) => chain(standard.validate(value), toChecked),
  };
}

function toChecked(result: StandardSchemaV1.Result<unknown>): Checked<unknown> {
  if (result.issues === undefined) return { value: result.value };
  return { problem: result.issues.slice(0, 3).map(describeIssue).join("; ") };
}

function describeIssue({ message, path }: StandardSchemaV1.Issue): string {
  const keys = path?.map((segment) => (typeof segment === "object" ? segment.key : segment)) ?? [];
  return keys.length === 0 ? message : `${keys.map(String).join(".")}: ${message}`;
}
