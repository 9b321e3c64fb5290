/** Random requests: every one gets a JSON-RPC response. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../protocol/errors.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { createServer } from "../../server/create-server.ts";
import { definePrompt } from "../../server/prompts.ts";
import { defineResource, defineResourceTemplate } from "../../server/resources.ts";
import { defineTool } from "../../server/tools.ts";
import { createFetchHandler } from "./fetch-handler.ts";

const errors: unknown[] = [];
const onError = (error: unknown) => void errors.push(error);
const schema = {
  type: "object",
  properties: {
    a: { type: "string" },
    next: { $ref: "#" },
    list: { type: "array", uniqueItems: true },
  },
} as const;

const server = createServer({
  name: "test",
  version: "1",
  onError,
  tools: [
    defineTool({ name: "t", inputSchema: schema, outputSchema: {}, call: (args) => args }),
    defineTool({
      name: "asks",
      call: async (_args, context) =>
        (
          await context.elicit("a", {
            message: "?",
            requestedSchema: { type: "object", properties: { a: { type: "string" } } },
          })
        ).action,
    }),
  ],
  resources: [defineResource({ uri: "a:b", name: "b", read: () => "" })],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "x://{id}{?q}",
      name: "x",
      complete: { id: (value) => [value] },
      read: ({ id }) => id,
    }),
  ],
  prompts: [
    definePrompt({ name: "p", arguments: { a: { complete: (value) => [value] } }, get: () => "" }),
  ],
});
const handle = createFetchHandler(server, { onError });

const json = fc.jsonValue({ maxDepth: 3 });
const names = fc.constantFrom("t", "asks", "p", "a:b", "x://1?q=2", "__proto__", "");
const sometimes = <T>(usual: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: usual }, json);
const meta = fc.record(
  {
    "io.modelcontextprotocol/protocolVersion": sometimes(fc.constant("2026-07-28")),
    "io.modelcontextprotocol/clientCapabilities": sometimes(
      fc.record({ elicitation: fc.constant({}) }, { requiredKeys: [] }),
    ),
    "io.modelcontextprotocol/logLevel": sometimes(fc.constant("debug")),
    "io.modelcontextprotocol/clientInfo": json,
    progressToken: json,
  },
  {
    requiredKeys: [
      "io.modelcontextprotocol/protocolVersion",
      "io.modelcontextprotocol/clientCapabilities",
    ],
  },
);
const params = fc.record(
  {
    _meta: sometimes(meta),
    name: sometimes(names),
    uri: sometimes(names),
    arguments: sometimes(fc.dictionary(fc.constantFrom("a", "next", "list", "__proto__"), json)),
    cursor: json,
    ref: sometimes(
      fc.record({ type: fc.constantFrom("ref/prompt", "ref/resource"), name: names, uri: names }),
    ),
    argument: sometimes(fc.record({ name: fc.constantFrom("a", "id"), value: fc.string() })),
    context: json,
    notifications: json,
    inputResponses: json,
    requestState: sometimes(fc.string()),
  },
  { requiredKeys: ["_meta"] },
);
const message = fc.record(
  {
    jsonrpc: sometimes(fc.constant("2.0")),
    id: fc.oneof(fc.string(), fc.maxSafeInteger(), json),
    method: sometimes(fc.constantFrom(...coreMethods.map(({ name }) => name))),
    params: sometimes(params),
  },
  { requiredKeys: ["jsonrpc", "method"] },
);

/** Returns the headers that a correct client sends with a message. */
function headersOf(value: JSONObject): Record<string, string> {
  const { name, uri, _meta } = (value.params ?? {}) as JSONObject;
  const version = (_meta as JSONObject | undefined)?.["io.modelcontextprotocol/protocolVersion"];
  const plain = (text: unknown) =>
    `=?base64?${Buffer.from(typeof text === "string" ? text : "").toString("base64")}?=`;
  return {
    "content-type": "application/json",
    "mcp-protocol-version": version === "2026-07-28" ? version : "1900",
    "mcp-method":
      typeof value.method === "string" && /^[!-~]+$/.test(value.method) ? value.method : "x",
    ...((typeof name === "string" || typeof uri === "string") && {
      "mcp-name": plain(value.method === "resources/read" ? uri : name),
    }),
  };
}

const codes: readonly number[] = Object.values(errorCodes).map(({ code }) => code);

async function expectAnswer(value: unknown, headers: Record<string, string>): Promise<void> {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  const gone = new AbortController();
  const request = new Request("http://localhost/mcp", {
    method: "POST",
    headers,
    body,
    signal: gone.signal,
  });
  const response = await handle(request);
  const type = response.headers.get("content-type");
  if (type === "text/event-stream") {
    expect((value as JSONObject).method).toBe("subscriptions/listen");
    gone.abort();
    await response.body?.cancel();
  } else if (response.status === 202) expect(await response.text()).toBe("");
  else {
    expect(type).toBe("application/json");
    const { jsonrpc, id, result, error } = JSON.parse(await response.text());
    expect(jsonrpc).toBe("2.0");
    if (id !== undefined) expect(id).toBe(JSON.parse(body).id);
    if (result) expect(["complete", "input_required"]).toContain(result.resultType);
    else expect(codes).toContain(error.code);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
}

describe("a random request gets a JSON-RPC response other than an internal error", () => {
  it("when it resembles those of the protocol", async () => {
    await fc.assert(
      fc.asyncProperty(message, async (value) => {
        await expectAnswer(value, headersOf(value as JSONObject));
      }),
      { numRuns: 1000 },
    );
    expect(errors).toEqual([]);
  });

  it("when it is any JSON or any text", async () => {
    const headers = headersOf({ method: "tools/list" });
    const text = fc.array(fc.nat(0xff)).map((codes) => String.fromCharCode(...codes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(json, text), (value) => expectAnswer(value, headers)),
      { numRuns: 500 },
    );
    expect(errors).toEqual([]);
  });
});
