/**
 * The default validator for JSON Schema. It compiles schemas to functions without generating code,
 * resolves no network references, and bounds the work of every validation.
 *
 * @spec basic/index#json-schema-usage
 */
import type { JSONObject } from "../protocol/json.ts";
import { compile } from "./compile.ts";
import type { Formats } from "./part.ts";
import { OutOfSteps, Validation } from "./validation.ts";

/** Returns a description of the problem with a value, or undefined for a valid value. */
export type Validate = (value: unknown) => string | undefined;

/**
 * Compiles a JSON Schema. Throws `TypeError` for a schema that it cannot apply. Pass another validator
 * to `createServer` or `createClient` to trade size for speed.
 */
export type JSONSchemaValidator = (schema: JSONObject) => Validate;

export interface JSONSchemaValidatorOptions {
  /** Maximum nesting of a schema. @default 64 */
  readonly maxDepth?: number;
  /** Maximum number of objects and arrays in a schema. @default 5000 */
  readonly maxSubschemas?: number;
  /**
   * Maximum number of steps of one validation. A step is about as much work as the comparison of two
   * types, some 10 to 30 ns. @default 2000000
   */
  readonly maxSteps?: number;
  /** Maximum number of problems in one message. @default 3 */
  readonly maxProblems?: number;
  /**
   * Tests of the values of `format`, by its name. A format without a test is an annotation, which
   * accepts all values. @default none
   */
  readonly formats?: Formats;
}

/** Maximum number of constants for each object or array in a schema, on the average. */
const maxConstants = 10;

/**
 * Creates the default validator.
 *
 * @spec basic/index#implementation-requirements, basic/index#composition-keyword-resource-use
 */
export function createJSONSchemaValidator(
  options: JSONSchemaValidatorOptions = {},
): JSONSchemaValidator {
  const { maxDepth = 64, maxSubschemas = 5000, maxSteps = 2_000_000 } = options;
  const { maxProblems = 3, formats = {} } = options;
  return (schema) => {
    measure(schema, maxDepth, { left: maxSubschemas, constants: maxSubschemas * maxConstants });
    const check = compile(schema, formats);
    return (value) => {
      const run = new Validation(maxSteps, maxProblems);
      try {
        return check(value, run) ? undefined : run.describe();
      } catch (error) {
        if (error instanceof OutOfSteps)
          return `too large to be validated in ${maxSteps} steps (maxSteps)`;
        // The stack is exhausted.
        if (error instanceof RangeError) return "nested too deeply to be validated";
        throw error;
      }
    };
  };
}

function measure(
  schema: unknown,
  depth: number,
  budget: { left: number; constants: number },
): void {
  if (typeof schema !== "object" || schema === null) {
    budget.constants -= 1;
    if (budget.constants < 0) throw new TypeError("JSON Schema: too many constants");
    return;
  }
  budget.left -= 1;
  if (depth === 0) throw new TypeError("JSON Schema: nested too deeply");
  if (budget.left < 0) throw new TypeError("JSON Schema: too many subschemas");
  for (const member of Object.values(schema)) measure(member, depth - 1, budget);
}
