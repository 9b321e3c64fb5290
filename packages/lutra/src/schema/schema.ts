/**
 * Schemas in options: a Standard Schema that also offers JSON Schema (zod, arktype, valibot with
 * its converter), or a plain JSON Schema.
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { chain } from "../protocol/chain.ts";
import type { JSONObject } from "../protocol/json.ts";
import { asJSON, isObject } from "../protocol/json.ts";
import type { FromJSONSchema } from "./from-json-schema.ts";
import type { JSONSchemaValidator, Validate } from "./json-schema.ts";
import { described } from "./validation.ts";

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

export interface CompileOptions {
  /** Validates the values of JSON Schemas, and large values of Standard Schemas. */
  readonly validator: JSONSchemaValidator;
  /** Maximum number of values, at all depths, that a Standard Schema receives. @default no limit */
  readonly maxValues?: number;
}

/** Number of values that a Standard Schema receives without a check by the JSON Schema validator. */
const maxUnchecked = 1000;

/**
 * Compiles the schema of values from a client, and bounds the work for one value. The libraries of
 * Standard Schemas have no such bound and collect all issues. Therefore they receive a large value
 * only if it fits their JSON Schema.
 *
 * @throws {TypeError} for an invalid schema, or one that the validator does not support
 */
export function compileInput(schema: Schema, options: CompileOptions): CompiledSchema {
  const { jsonSchema, standard, validate } = partsOf(schema, "input", options.validator);
  if (standard === undefined) {
    return { jsonSchema, check: (value) => checked(value, validate(value)) };
  }
  const { maxValues = Number.POSITIVE_INFINITY } = options;
  return {
    jsonSchema,
    check: (value) => {
      const count = countValues(value, maxValues);
      if (count > maxValues) return { problem: `too large: expected at most ${maxValues} values` };
      const problem = count > maxUnchecked ? validate(value) : undefined;
      return problem === undefined ? chain(standard.validate(value), fromStandard) : { problem };
    },
  };
}

/**
 * Compiles the schema of values that a handler returns. They are validated, and returned, as JSON
 * carries them, without members that are `undefined` and with `null` for NaN.
 *
 * @throws {TypeError} for an invalid schema, or one that the validator does not support
 * @spec server/tools#output-schema
 */
export function compileOutput(schema: Schema, { validator }: CompileOptions): CompiledSchema {
  const { jsonSchema, standard, validate } = partsOf(schema, "output", validator);
  const checkJSON = (value: unknown) => {
    const json = asJSON(value);
    return checked(json, json === undefined ? "expected a JSON value" : validate(json));
  };
  if (standard === undefined) return { jsonSchema, check: checkJSON };
  return {
    jsonSchema,
    check: (value) =>
      chain(standard.validate(value), (result) => {
        const found = fromStandard(result);
        // The library has not seen what JSON makes of the value.
        if ("problem" in found) return found;
        const isJSON = found.value !== undefined && asJSON(found.value) === found.value;
        return isJSON ? found : checkJSON(found.value);
      }),
  };
}

interface Parts {
  readonly jsonSchema: JSONObject;
  /** Absent for a JSON Schema. */
  readonly standard: StandardSchema["~standard"] | undefined;
  readonly validate: Validate;
}

function partsOf(schema: Schema, side: "input" | "output", validator: JSONSchemaValidator): Parts {
  if (isStandardSchema(schema)) {
    const standard = schema["~standard"];
    const jsonSchema = standard.jsonSchema[side]({ target: "draft-2020-12" });
    return { jsonSchema, standard, validate: compiledLater(jsonSchema, validator) };
  }
  if (!isObject(schema)) throw new TypeError("schema: expected a JSON Schema object");
  if ("~standard" in schema) {
    throw new TypeError(
      "schema: expected a Standard Schema that offers JSON Schema; for valibot, wrap it in " +
        "toStandardJsonSchema() of @valibot/to-json-schema",
    );
  }
  return { jsonSchema: schema, standard: undefined, validate: validator(schema) };
}

/** Compiles a schema with the first value, because most schemas of libraries never need it. */
function compiledLater(jsonSchema: JSONObject, validator: JSONSchemaValidator): Validate {
  let validate: Validate | undefined;
  return (value) => {
    try {
      validate ??= validator(jsonSchema);
    } catch (error) {
      return `its JSON Schema can't be applied: ${(error as Error).message}`;
    }
    return validate(value);
  };
}

/** Returns true for a schema object that validates and offers JSON Schema. */
export function isStandardSchema(schema: unknown): schema is StandardSchema {
  // The schemas of some libraries are functions.
  if (schema === null || (typeof schema !== "object" && typeof schema !== "function")) return false;
  const standard = (schema as { readonly "~standard"?: unknown })["~standard"];
  return isObject(standard) && "validate" in standard && "jsonSchema" in standard;
}

/** Counts a value with its members and items at all depths. Stops once there are more than `max`. */
function countValues(value: unknown, max: number): number {
  let count = 1;
  const open: object[] = isContainer(value) ? [value] : [];
  for (let next = open.pop(); next !== undefined && count <= max; next = open.pop()) {
    const members: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    count += members.length;
    if (count <= max) for (const member of members) if (isContainer(member)) open.push(member);
  }
  return count;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function checked(value: unknown, problem: string | undefined): Checked<unknown> {
  return problem === undefined ? { value } : { problem };
}

function fromStandard(result: StandardSchemaV1.Result<unknown>): Checked<unknown> {
  if (result.issues === undefined) return { value: result.value };
  return { problem: result.issues.slice(0, 3).map(describeIssue).join("; ") };
}

function describeIssue({ message, path }: StandardSchemaV1.Issue): string {
  const keys = path?.map((segment) => (typeof segment === "object" ? segment.key : segment)) ?? [];
  return described(keys.map(String), message);
}
