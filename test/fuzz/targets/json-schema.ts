import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { createJSONSchemaValidator } from "../../../packages/lutra/src/schema/json-schema.ts";
import { orRefused, type Target } from "../target.ts";

const compile = createJSONSchemaValidator({ maxSteps: 200_000 });
const keywords = [
  ...["type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum"],
  ...["exclusiveMaximum", "minLength", "maxLength", "pattern", "minItems", "maxItems"],
  ...["uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties", "required"],
  ...["dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not", "if", "then"],
  ...["else", "prefixItems", "items", "contains", "properties", "patternProperties"],
  ...["additionalProperties", "propertyNames", "$ref", "$defs", "#", "#/$defs/a", "$anchor"],
];
const types = ["null", "boolean", "object", "array", "number", "string", "integer"];

export const jsonSchema: Target = {
  kind: "json",
  name: "json-schema",
  title: "schemas: the validator refuses or agrees with Ajv, within its steps",
  dictionary: [...keywords, ...types],
  maxMs: 500,
  check: (input) => {
    if (!isObject(input) || !isObject(input.schema) || !Array.isArray(input.values)) return;
    const { schema, values } = input;
    const validate = orRefused(
      () => compile(schema),
      (thrown) => thrown instanceof TypeError,
    );
    const expected = validate && compileWithAjv(schema);
    for (const value of values.slice(0, 20)) {
      const problem = validate?.(value);
      if (expected === undefined || problem?.includes("maxSteps")) continue;
      const isExpected = expectedOf(expected, value);
      if (isExpected !== undefined) assert.equal(problem === undefined, isExpected, problem);
    }
  },
};

/**
 * Keywords about which Ajv is wrong, or which it treats as its options say. It accepts `[]` for some
 * schemas with `minContains` and `maxContains`.
 */
const differing =
  /"(?:unevaluated|\$dynamic|\$recursive|\$id|__proto__|\$schema|\$anchor|\$ref|nullable|maxContains|\$async)/;

function compileWithAjv(schema: object): ValidateFunction | undefined {
  const text = JSON.stringify(schema);
  // A multiple of a fraction is inexact in Ajv, and its patterns can take exponential time.
  // Ajv does not require a property whose name is empty.
  if (/[[,]""/.test(text)) return undefined;
  if (differing.test(text) || text.length > 2000 || /"multipleOf":[^,}]*[.e-]/.test(text))
    return undefined;
  if (/"pattern(?:Properties)?":/.test(text) && /[+*{]/.test(text.replace(/[{}]"/g, "")))
    return undefined;
  const ajv = new Ajv2020({
    strict: false,
    validateFormats: false,
    logger: false,
    unicodeRegExp: true,
  });
  ajv.opts.unevaluated = false;
  try {
    return ajv.compile(schema);
  } catch {
    return undefined;
  }
}

function expectedOf(validate: ValidateFunction, value: unknown): boolean | undefined {
  try {
    return validate(value) as boolean;
  } catch {
    return undefined;
  }
}
