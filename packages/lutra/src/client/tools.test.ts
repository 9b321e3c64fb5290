import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { Tool } from "../protocol/tools.ts";
import { complete, peerError, type Script, scripted } from "./fixtures/scripted-server.ts";
import type { ClientOptions } from "./index.ts";

function tool(name: string, properties: JSONObject = {}, extra: Partial<Tool> = {}): Tool {
  return { name, inputSchema: { type: "object", properties }, ...extra };
}

const region = tool("search", { region: { type: "string", "x-mcp-header": "Region" } });

function withTools(tools: readonly Tool[], call: Script = () => undefined): Script {
  return (request, context, count) =>
    request.method === "tools/list"
      ? { resultType: "complete", tools, ttlMs: 60_000, cacheScope: "public" }
      : call(request, context, count);
}

const overHttp = (script: Script, options: ClientOptions = {}) =>
  scripted(script, { mirrorsHeaders: true, ...options });
const methodsOf = ({ requests }: ReturnType<typeof scripted>) => requests.map((r) => r.method);
const headersOf = ({ contexts }: ReturnType<typeof scripted>) => contexts.at(-1)?.addHeaders;

describe("arguments marked x-mcp-header", () => {
  it("arguments are mirrored into headers, after an unknown tool's schema is fetched", async () => {
    const server = overHttp(withTools([region]));
    await server.client.callTool("search", { region: "us-west1", query: "otters" });
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call"]);
    expect(headersOf(server)).toEqual({ "Mcp-Param-Region": "us-west1" });
    await server.client.callTool("search", { region: "eu" });
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/call"]);
  });

  it("concurrent calls of an unknown tool fetch its schema once", async () => {
    const server = overHttp(withTools([region]));
    await Promise.all([1, 2, 3].map(() => server.client.callTool("search", {})));
    expect(methodsOf(server).filter((method) => method === "tools/list")).toHaveLength(1);
  });

  it.each([
    [
      "a nested property",
      { a: { type: "object", properties: { b: { type: "string", "x-mcp-header": "B" } } } },
      { a: { b: "x" } },
      { "Mcp-Param-B": "x" },
    ],
    [
      "an integer",
      { n: { type: "integer", "x-mcp-header": "N" } },
      { n: -7 },
      { "Mcp-Param-N": "-7" },
    ],
    [
      "a boolean",
      { b: { type: "boolean", "x-mcp-header": "B" } },
      { b: false },
      { "Mcp-Param-B": "false" },
    ],
    [
      "text beyond ASCII",
      { t: { type: "string", "x-mcp-header": "T" } },
      { t: "Hello, 世界" },
      { "Mcp-Param-T": "=?base64?SGVsbG8sIOS4lueVjA==?=" },
    ],
    [
      "surrounding spaces",
      { t: { type: "string", "x-mcp-header": "T" } },
      { t: " padded " },
      { "Mcp-Param-T": "=?base64?IHBhZGRlZCA=?=" },
    ],
    [
      "text that looks like Base64",
      { t: { type: "string", "x-mcp-header": "T" } },
      { t: "=?base64?literal?=" },
      { "Mcp-Param-T": "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=" },
    ],
    [
      "null, without a header",
      { t: { type: ["string", "null"], "x-mcp-header": "T" } },
      { t: null },
      {},
    ],
    [
      "an absent argument, without a header",
      { t: { type: "string", "x-mcp-header": "T" } },
      {},
      {},
    ],
  ])("arguments are mirrored: %s", async (_what, properties, args, headers) => {
    const server = overHttp(withTools([tool("t", properties)]));
    await server.client.callTool("t", args);
    expect(headersOf(server)).toEqual(headers);
  });

  it("mirrored integers must be in the safe range", async () => {
    const server = overHttp(
      withTools([tool("t", { n: { type: "integer", "x-mcp-header": "N" } })]),
    );
    await expect(server.client.callTool("t", { n: 2 ** 53 })).rejects.toThrow(TypeError);
    expect(methodsOf(server)).toEqual(["tools/list"]);
  });

  it("arguments are not mirrored by transports other than HTTP", async () => {
    const server = scripted(withTools([region]));
    await server.client.callTool("search", { region: "eu" });
    expect(methodsOf(server)).toEqual(["tools/call"]);
    expect(headersOf(server)).toBeUndefined();
  });

  it("a call of a tool that is not listed is sent without mirrored arguments", async () => {
    const server = overHttp(withTools([]));
    await server.client.callTool("hidden", { region: "eu" });
    await server.client.callTool("hidden");
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/call"]);
  });
});

describe("a tool with invalid header annotations", () => {
  const invalid = [
    tool("empty", { a: { type: "string", "x-mcp-header": "" } }),
    tool("blank", { a: { type: "string", "x-mcp-header": "A B" } }),
    tool("line", { a: { type: "string", "x-mcp-header": "A\r\nB" } }),
    tool("number", { a: { type: "number", "x-mcp-header": "A" } }),
    tool("twice", {
      a: { type: "string", "x-mcp-header": "A" },
      b: { type: "string", "x-mcp-header": "a" },
    }),
    tool("items", { a: { type: "array", items: { type: "string", "x-mcp-header": "A" } } }),
    tool("oneOf", { a: { oneOf: [{ type: "string", "x-mcp-header": "A" }] } }),
  ];

  it("an invalid tool is omitted from the list with a warning that names it and the reason", async () => {
    const server = overHttp(withTools([...invalid, region]));
    expect((await server.client.listTools()).tools).toEqual([region]);
    expect(server.warnings).toHaveLength(invalid.length);
    for (const [i, { name }] of invalid.entries())
      expect(server.warnings[i]).toContain(`"${name}"`);
    expect((await server.client.listToolsPage()).tools).toEqual([region]);
    expect(server.warnings).toHaveLength(invalid.length);
  });

  it("an invalid tool can't be called over HTTP", async () => {
    const server = overHttp(withTools(invalid));
    await expect(server.client.callTool("number")).rejects.toMatchObject({ reason: "malformed" });
    expect(methodsOf(server)).toEqual(["tools/list"]);
  });

  it("an invalid tool is listed over other transports", async () => {
    const server = scripted(withTools(invalid));
    expect((await server.client.listTools()).tools).toEqual(invalid);
  });
});

describe("a header mismatch that the server reports", () => {
  it("a header mismatch fetches the list again, without the cache, and sends the call again", async () => {
    let tools = [tool("search")];
    const server = overHttp((request, context, count) => {
      const script = withTools(tools, (_request, { addHeaders }) => {
        if (addHeaders?.["Mcp-Param-Region"] === "eu") return undefined;
        tools = [region];
        throw peerError(-32020);
      });
      return script(request, context, count);
    });
    expect(await server.client.callTool("search", { region: "eu" })).toEqual(complete);
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/list", "tools/call"]);
    expect(server.requests[1]?.id).not.toBe(server.requests[3]?.id);
  });

  it("a header mismatch is reported when it occurs a second time", async () => {
    const refuse = () => {
      throw peerError(-32020);
    };
    const server = overHttp(withTools([region], refuse));
    await expect(server.client.callTool("search")).rejects.toMatchObject({
      reason: "headerMismatch",
      peer: true,
    });
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/list", "tools/call"]);
  });
});

describe("structured content", () => {
  const outputSchema = {
    type: "object",
    properties: { sum: { type: "number" } },
    required: ["sum"],
  };
  const add = tool("add", {}, { outputSchema });
  const answering = (result: JSONObject, tools = [add]) =>
    scripted(withTools(tools, () => ({ resultType: "complete", content: [], ...result })));

  it("structured content that conforms to the output schema is returned", async () => {
    const { client } = answering({ structuredContent: { sum: 3 } });
    await client.listTools();
    expect((await client.callTool("add")).structuredContent).toEqual({ sum: 3 });
  });

  it.each([
    ["does not conform", { structuredContent: { sum: "3" } }],
    ["is missing", {}],
  ])(
    "structured content that %s is an error with the result as its cause",
    async (_what, result) => {
      const { client } = answering(result);
      await client.listTools();
      await expect(client.callTool("add")).rejects.toMatchObject({
        name: "TransportError",
        reason: "malformed",
        cause: result,
      });
    },
  );

  it("structured content of a failed call is not validated", async () => {
    const { client } = answering({ isError: true });
    await client.listTools();
    expect(await client.callTool("add")).toMatchObject({ isError: true });
  });

  it("structured content may be any JSON value", async () => {
    const { client } = answering({ structuredContent: null }, [
      tool("add", {}, { outputSchema: { type: "null" } }),
    ]);
    await client.listTools();
    expect((await client.callTool("add")).structuredContent).toBeNull();
  });

  it("structured content is validated against the current schema", async () => {
    let tools = [tool("add", {}, { outputSchema: { type: "string" } })];
    const call = () => ({ resultType: "complete", content: [], structuredContent: { sum: 3 } });
    const server = scripted((...args) => withTools(tools, call)(...args));
    await server.client.listTools();
    tools = [add];
    expect(await server.client.callTool("add")).toMatchObject({ structuredContent: { sum: 3 } });
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/list"]);
  });

  it("structured content is validated once while its schema stays the same", async () => {
    let validations = 0;
    const validator = () => () => {
      validations += 1;
      return "wrong";
    };
    const call = () => ({ resultType: "complete", content: [], structuredContent: 1 });
    const server = scripted(withTools([add], call), { validator });
    await server.client.listTools();
    await expect(server.client.callTool("add")).rejects.toThrow("wrong");
    expect(methodsOf(server)).toEqual(["tools/list", "tools/call", "tools/list"]);
    expect(validations).toBe(1);
  });

  it.each([
    ["a reference to the network", { $ref: "https://example.com/schema.json" }],
    ["an unknown dialect", { $schema: "https://example.com/dialect", type: "object" }],
  ])(
    "structured content is rejected if its schema has %s, and nothing is fetched",
    async (_what, schema) => {
      const tools = [tool("add", {}, { outputSchema: schema })];
      const { client } = answering({ structuredContent: { sum: 3 } }, tools);
      await client.listTools();
      await expect(client.callTool("add")).rejects.toMatchObject({ reason: "malformed" });
    },
  );

  it("structured content is not validated if validateStructuredContent is false", async () => {
    const { client } = scripted(
      withTools([add], () => ({ content: [], structuredContent: "anything" })),
      { validateStructuredContent: false },
    );
    await client.listTools();
    expect((await client.callTool("add")).structuredContent).toBe("anything");
  });
});
