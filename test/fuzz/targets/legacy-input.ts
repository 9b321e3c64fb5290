import assert from "node:assert/strict";
import { toLiveRequest } from "../../../packages/lutra/src/legacy/legacy-input.ts";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import type { InputRequest } from "../../../packages/lutra/src/protocol/input-required.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { legacyVersions } from "../../../packages/lutra/src/protocol/versioning.ts";
import { isValid, problemsWith } from "../published-types.ts";
import { orRefused, type Target, textOf } from "../target.ts";

const types: { readonly [method: string]: string } = {
  "elicitation/create": "ElicitRequest",
  "sampling/createMessage": "CreateMessageRequest",
  "roots/list": "ListRootsRequest",
};
/** The first revisions whose clients can declare the capability for a request. */
const since: { readonly [method: string]: string } = { "elicitation/create": "2025-06-18" };

export const legacyInput: Target = {
  kind: "json",
  name: "legacy-input",
  title: "input requests for legacy clients: valid in the revision, or refused as not supported",
  dictionary: [
    "mode",
    "url",
    "form",
    "requestedSchema",
    "properties",
    "oneOf",
    "enum",
    "default",
    "array",
  ],
  check: (input) => {
    if (!isObject(input)) return;
    const method = textOf(input.method);
    const type = Object.hasOwn(types, method) ? types[method] : undefined;
    if (type === undefined || !isValid("2026-07-28", type, input)) return;
    for (const version of legacyVersions.filter((one) => one >= (since[method] ?? ""))) {
      const request = input as unknown as InputRequest;
      const live = orRefused(
        () => toLiveRequest(request, version),
        (thrown) => isProtocolError(thrown) && thrown.reason === "invalidRequest",
      );
      if (live === undefined) continue;
      // Tools and several blocks of content belong to a capability that older clients never declare.
      if (method === "sampling/createMessage" && version < "2025-11-25") continue;
      const sent = JSON.parse(JSON.stringify({ jsonrpc: "2.0", id: 1, ...live })) as unknown;
      assert.equal(problemsWith(version, type, sent), undefined, `${type} of ${version}`);
    }
  },
};
