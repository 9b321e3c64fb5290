/** Schemas of tools, compiled: the check of a value, and the JSON Schema that describes it. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { chain } from "../protocol/chain.ts";
import type { JSONObject } from "../protocol/json.ts";
import { asJSON } from "../protocol/json.ts";
import type { FromJSONSchema } from "./from-json-schema.ts";
import type { JSONSchemaValidator, Validate } from "./json-schema.ts";
import {
  isStandardSchema,
  jsonSchemaOf,
  type Schema,
  type StandardSchema,
} from "./standard-schema.ts";
import { described } from "./validation.ts";

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
  return {
    jsonSchema,
    check: (value) => {
      const problem = hasManyValues(value) ? validate(value) : undefined;
      return problem === undefined ? chain(standard.validate(value), fromStandard) : { problem };
    },
  };
}

/**
 * Compiles the schema of values that a handler returns. They are validated, and returned, as JSON
 * carries them, without members that are `undefined`.
 *
 * @throws {TypeError} for an invalid schema, or one that the validator does not support
 * @spec server/tools#output-schema
 */
export function compileOutput(schema: Schema, { validator }: CompileOptions): CompiledSchema {
  const { jsonSchema, standard, validate } = partsOf(schema, "output", validator);
  const checkJSON = (value: unknown) => {
    const json = carriedByJSON(value);
    return "problem" in json ? json : checked(json.value, validate(json.value));
  };
  if (standard === undefined) return { jsonSchema, check: checkJSON };
  return {
    jsonSchema,
    check: (value) =>
      chain(standard.validate(value), (result) => {
        const found = fromStandard(result);
        // The library has not seen what JSON makes of the value.
        if ("problem" in found) return found;
        const json = carriedByJSON(found.value);
        if ("problem" in json || json.value === found.value) return json;
        return checked(json.value, validate(json.value));
      }),
  };
}

/**
 * Returns a value as JSON carries it. Numbers that are not finite are a problem, because JSON has
 * only `null` for them.
 */
export function carriedByJSON(value: unknown): Checked<unknown> {
  try {
    const json = asJSON(value, refuseNonFinite);
    return json === undefined ? { problem: "expected a JSON value" } : { value: json };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { problem: error.message };
  }
}

function refuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new TypeError(described(key === "" ? [] : [key], `expected a finite number, got ${value}`));
}

interface Parts {
  readonly jsonSchema: JSONObject;
  /** Absent for a JSON Schema. */
  readonly standard: StandardSchema["~standard"] | undefined;
  readonly validate: Validate;
}

function partsOf(schema: Schema, side: "input" | "output", validator: JSONSchemaValidator): Parts {
  const jsonSchema = jsonSchemaOf(`${side}Schema`, schema, side);
  return isStandardSchema(schema)
    ? { jsonSchema, standard: schema["~standard"], validate: compiledLater(jsonSchema, validator) }
    : { jsonSchema, standard: undefined, validate: validator(jsonSchema) };
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

/** Returns true if a value has more than `maxUnchecked` members and items, at all depths. */
function hasManyValues(value: unknown): boolean {
  let count = 1;
  const open: object[] = [];
  let next = isContainer(value) ? value : undefined;
  while (next !== undefined) {
    // Arguments are small objects most of the time, so their values are not copied into an array.
    for (const key in next) {
      count += 1;
      if (count > maxUnchecked) return true;
      const member = (next as JSONObject)[key];
      if (isContainer(member)) open.push(member);
    }
    next = open.pop();
  }
  return false;
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
