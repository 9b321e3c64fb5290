import assert from "node:assert/strict";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import { parseInputRequired } from "../../../packages/lutra/src/protocol/input-required.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { coreMethods } from "../../../packages/lutra/src/protocol/methods.ts";
import { isTransportError } from "../../../packages/lutra/src/protocol/transport-error.ts";
import { isValid } from "../published-types.ts";
import { orRefused, type Target } from "../target.ts";

/** The published types of the results of methods. */
const resultTypes: { readonly [method: string]: string } = {
  "server/discover": "DiscoverResult",
  "tools/list": "ListToolsResult",
  "tools/call": "CallToolResult",
  "resources/list": "ListResourcesResult",
  "resources/templates/list": "ListResourceTemplatesResult",
  "resources/read": "ReadResourceResult",
  "prompts/list": "ListPromptsResult",
  "prompts/get": "GetPromptResult",
  "completion/complete": "CompleteResult",
};

const isMalformed = (thrown: unknown) => isTransportError(thrown) && thrown.reason === "malformed";

export const methods: Target = {
  kind: "json",
  name: "methods",
  title: "parameters and results of all methods: parsed or refused; valid results are parsed",
  dictionary: [
    "name",
    "uri",
    "cursor",
    "arguments",
    "ref",
    "content",
    "contents",
    "messages",
    "tools",
  ],
  check: (input) => {
    if (!isObject(input)) return;
    for (const { name, params, result } of coreMethods) {
      orRefused(() => params(input), isProtocolError);
      const parsed = orRefused(() => result(input), isMalformed);
      const type = resultTypes[name];
      if (parsed === undefined && type !== undefined)
        assert.ok(!isValid("2026-07-28", type, input), name);
    }
    orRefused(() => parseInputRequired(input), isMalformed);
  },
};
