import assert from "node:assert/strict";
import { toLegacyResult } from "../../../packages/lutra/src/legacy/to-legacy.ts";
import { isObject, type JSONObject } from "../../../packages/lutra/src/protocol/json.ts";
import { type Result, withBytes } from "../../../packages/lutra/src/protocol/json-rpc.ts";
import { legacyVersions } from "../../../packages/lutra/src/protocol/versioning.ts";
import { createJSONSchemaValidator } from "../../../packages/lutra/src/schema/json-schema.ts";
import { isValid, problemsWith } from "../published-types.ts";
import { type Target, textOf, thrownBy } from "../target.ts";

const types = [
  ...["ListToolsResult", "CallToolResult", "ListResourcesResult", "ListResourceTemplatesResult"],
  ...["ReadResourceResult", "ListPromptsResult", "GetPromptResult", "CompleteResult"],
];

const compile = createJSONSchemaValidator();

export const legacyResults: Target = {
  kind: "json",
  name: "legacy-results",
  title: "results for legacy clients: each valid result has a valid form in every revision",
  dictionary: ["icons", "title", "_meta", "annotations", "resource_link", "audio", "outputSchema"],
  check: (input) => {
    if (!isObject(input) || !types.includes(textOf(input.type)) || !isObject(input.result)) return;
    const type = textOf(input.type);
    const result = input.result as Result;
    if (!isValid("2026-07-28", type, result) || !hasValidSchemas(result)) return;
    const before = JSON.stringify(result);
    for (const version of legacyVersions) {
      const legacy = toLegacyResult(result, version);
      // Results are sent as JSON.
      const sent = JSON.parse(JSON.stringify(legacy)) as unknown;
      assert.equal(problemsWith(version, type, sent), undefined, `${type} of ${version}`);
      assert.deepEqual(toLegacyResult(withBytes(result), version), legacy);
      assert.ok(!("resultType" in legacy));
    }
    assert.equal(JSON.stringify(result), before);
  },
};

/** Returns true unless a tool has a schema that is not a JSON Schema, which no server can declare. */
function hasValidSchemas({ tools }: Result): boolean {
  if (!Array.isArray(tools)) return true;
  return tools.every(({ inputSchema, outputSchema = {} }) =>
    [inputSchema, outputSchema].every(
      (schema) => thrownBy(() => compile(schema as JSONObject)) === undefined,
    ),
  );
}
