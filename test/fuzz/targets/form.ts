import assert from "node:assert/strict";
import {
  formDefaults,
  isElicitResult,
  type RequestedSchema,
} from "../../../packages/lutra/src/protocol/elicitation.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { compileForm } from "../../../packages/lutra/src/schema/forms.ts";
import { createJSONSchemaValidator } from "../../../packages/lutra/src/schema/json-schema.ts";
import { elicitParams } from "../../../packages/lutra/src/server/handler/elicitation.ts";
import { problemsWith } from "../published-types.ts";
import { orRefused, type Target } from "../target.ts";

const validator = createJSONSchemaValidator({ maxSteps: 100_000 });
const isTypeError = (thrown: unknown) => thrown instanceof TypeError;

export const form: Target = {
  kind: "json",
  name: "form",
  title: "forms: an accepted schema is sent in a valid form, and its answers are checked",
  dictionary: [
    "type",
    "string",
    "number",
    "integer",
    "boolean",
    "array",
    "enum",
    "oneOf",
    "items",
    "format",
    "date",
  ],
  check: (input) => {
    if (!isObject(input) || !isObject(input.schema)) return;
    const requestedSchema = input.schema as unknown as RequestedSchema & {
      [name: string]: unknown;
    };
    const params = orRefused(() => elicitParams({ message: "?", requestedSchema }), isTypeError);
    if (params === undefined || params.mode === "url") return;
    const validate = orRefused(() => compileForm(params.requestedSchema, validator), isTypeError);
    if (validate === undefined) return;
    const request = { method: "elicitation/create", params };
    const sent = JSON.parse(JSON.stringify(request)) as unknown;
    assert.equal(problemsWith("2026-07-28", "ElicitRequest", sent), undefined);
    const problem = validate(input.content);
    if (problem !== undefined) assert.ok(problem.length > 0 && problem.length < 10_000);
    const content = formDefaults(params.requestedSchema);
    assert.ok(isElicitResult({ action: "accept", content }));
  },
};
