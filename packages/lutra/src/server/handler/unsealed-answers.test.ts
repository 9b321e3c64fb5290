import { expect, it } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import { createServer } from "../create-server.ts";
import { defineResource } from "../resources.ts";
import { defineTool } from "../tools.ts";
import type { HandlerContext } from "./handler-context.ts";

const name = {
  type: "object",
  properties: { name: { type: "string" } },
  required: ["name"],
} as const;

async function greet(_args: unknown, context: HandlerContext) {
  const first = await context.elicit("first", { message: "First?", requestedSchema: name });
  const last = await context.elicit("last", { message: "Last?", requestedSchema: name });
  return `${first.content?.name} ${last.content?.name}`;
}

const note = defineResource({
  uri: "note://1",
  name: "note",
  cache: { ttlMs: 1000, cacheScope: "public" },
  read: async (_uri, context) => {
    const answer = await context.elicit("first", { message: "Who?", requestedSchema: name });
    return `for ${answer.content?.name}`;
  },
});

const server = createServer({
  name: "test",
  version: "1",
  tools: [
    defineTool({ name: "greet", call: greet }),
    defineTool({ name: "once", singleUse: true, call: greet }),
  ],
  resources: [note],
});

function serve(method: string, params: JSONObject, capabilities: JSONObject = { elicitation: {} }) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  return server.serve(
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } },
    {
      signal: new AbortController().signal,
      notify: () => {},
      header: undefined,
      principal: undefined,
      meta: undefined,
    },
  );
}

const accept = (value: unknown) => ({ action: "accept", content: { name: value } });
const first = accept("Ada");
const last = accept("Lovelace");

it("takes answers that come without request state, and ignores what was not asked", async () => {
  const inputResponses = { first, last, other: accept("ignored") };
  const result = await serve("tools/call", { name: "greet", inputResponses });
  expect(result.content).toEqual([{ type: "text", text: "Ada Lovelace" }]);
});

it("remembers them when it has to ask for more", async () => {
  const asked = await serve("tools/call", { name: "greet", inputResponses: { first } });
  expect(Object.keys(asked.inputRequests as object)).toEqual(["last"]);
  const { requestState } = asked;
  const result = await serve("tools/call", {
    name: "greet",
    requestState,
    inputResponses: { last },
  });
  expect(result.content).toEqual([{ type: "text", text: "Ada Lovelace" }]);
});

it.each([
  ["no answer", 12345],
  ["an answer that does not fit the form", accept(12345)],
])("asks when there is %s", async (_what, response) => {
  const inputResponses = response === undefined ? {} : { first: response };
  const result = await serve("tools/call", { name: "greet", inputResponses });
  expect(result.resultType).toBe("input_required");
});

it("does not rely on a capability that the client did not declare", async () => {
  const answered = { name: "greet", inputResponses: { first, last } };
  await expect(serve("tools/call", answered, {})).rejects.toThrow(
    expect.objectContaining({ reason: "missingRequiredClientCapability" }),
  );
});

it("wants a seal where an exchange can be completed only once", async () => {
  const result = await serve("tools/call", { name: "once", inputResponses: { first, last } });
  expect(result.resultType).toBe("input_required");
});

it("does not let a reading be cached that depends on answers", async () => {
  const result = await serve("resources/read", { uri: "note://1", inputResponses: { first } });
  expect(result).toMatchObject({ ttlMs: 0, cacheScope: "private" });
});
