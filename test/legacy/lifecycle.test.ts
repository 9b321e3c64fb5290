/** The opening of sessions on each transport, and clients of both kinds at one server. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../../packages/lutra/src/client/node.ts";
import { createServed } from "./fixture.ts";
import { endpoints, openSession, stdioClient, type Wire, wires } from "./wire.ts";

const versions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

describe.each(wires)("a session over %s", (_name, start) => {
  let wire: Wire;

  beforeEach(async () => {
    wire = await start(createServed().server);
  });

  afterEach(() => wire.close());

  describe("basic/lifecycle#version-negotiation", () => {
    it.each(versions)(
      "the server MUST respond with the same version if it supports it: %s",
      async (version) => {
        const client = await wire.connect({ version });
        const { tools } = await client.result("tools/list");
        expect(tools).toHaveLength(9);
      },
    );
  });

  describe("basic/utilities/ping", () => {
    it("the receiver MUST respond promptly with an empty response", async () => {
      const client = await wire.connect();
      expect(await client.requestAs("p-1", "ping")).toEqual({
        jsonrpc: "2.0",
        id: "p-1",
        result: {},
      });
    });

    it("responds while a call runs", async () => {
      const client = await wire.connect();
      void client.requestAs("w", "tools/call", { name: "wait", arguments: {} });
      await client.first("notifications/message");
      expect(await client.result("ping")).toEqual({});
    });
  });

  describe("basic/index#responses", () => {
    it.each([1000, 0, -1, "a", "", "__proto__", "constructor"])(
      "responses MUST include the same id as the request: %j",
      async (id) => {
        const client = await wire.connect();
        const params = { name: "echo", arguments: { text: "x" } };
        expect(await client.requestAs(id, "tools/call", params)).toMatchObject({
          id,
          result: { structuredContent: { text: "x" } },
        });
      },
    );
  });

  it("does not offer the tasks of 2025-11-25, whose parameters are ignored", async () => {
    const client = await wire.connect();
    const params = { name: "echo", arguments: { text: "x" }, task: { ttl: 1000 } };
    expect(await client.result("tools/call", params)).toMatchObject({
      structuredContent: { text: "x" },
    });
    await expect(client.result("tasks/get", { taskId: "x" })).rejects.toMatchObject({
      code: -32601,
    });
  });
});

const initialize = (params: unknown) => ({ jsonrpc: "2.0", id: 1, method: "initialize", params });
const info = { capabilities: {}, clientInfo: { name: "test", version: "1" } };

describe.each(endpoints)("initialize at %s", (_name, start) => {
  const served = createServed();

  async function open(params: unknown) {
    const { http, close } = await start(served.server);
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(initialize(params));
    const response = await http({ method: "POST", headers, body });
    const message = await response.json();
    await close();
    return { response, message };
  }

  it.each(versions)("answers %s with itself", async (protocolVersion) => {
    const { message } = await open({ ...info, protocolVersion });
    expect(message.result).toMatchObject({ protocolVersion, instructions: "Use it" });
  });

  it.each(["1999-01-01", "2026-07-28", "2099-01-01", "__proto__", ""])(
    "answers %j with another version that it supports",
    async (protocolVersion) => {
      const { message } = await open({ ...info, protocolVersion });
      expect(message.result.protocolVersion).toBe("2025-11-25");
    },
  );

  it("the server MUST respond with its capabilities and information", async () => {
    const { message } = await open({ ...info, protocolVersion: "2025-11-25" });
    expect(message).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        protocolVersion: "2025-11-25",
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          prompts: { listChanged: true },
          completions: {},
          logging: {},
        },
        serverInfo: { name: "legacy", version: "1" },
        instructions: "Use it",
      },
    });
  });

  it("leaves out the capability for completion, which 2024-11-05 does not have", async () => {
    const { message } = await open({ ...info, protocolVersion: "2024-11-05" });
    expect(message.result.capabilities).not.toHaveProperty("completions");
  });

  it.each([undefined, {}, { protocolVersion: 1 }, { protocolVersion: null }])(
    "refuses %j, and names the versions",
    async (params) => {
      const { response, message } = await open(params);
      expect(response.status).toBe(400);
      expect(message.error).toMatchObject({ code: -32602 });
      expect(message.error.message).toContain("2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05");
    },
  );

  it.each([
    { capabilities: null, clientInfo: null },
    { capabilities: [], clientInfo: [] },
    { capabilities: { roots: 1, sampling: "x", elicitation: [] }, clientInfo: { name: 1 } },
    { capabilities: JSON.parse('{"__proto__":{"roots":{}}}'), clientInfo: {} },
  ])("opens a session without what is malformed: %j", async (odd) => {
    const { response, message } = await open({ ...odd, protocolVersion: "2025-11-25" });
    expect(message.result?.protocolVersion).toBe("2025-11-25");
    expect(response.headers.get("mcp-session-id")).toMatch(/^[\x21-\x7e]+$/);
  });

  it("narrows the versions by an option", async () => {
    const versions = ["2026-07-28", "2025-06-18"];
    const { http, close } = await start(served.server, { versions });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(initialize({ ...info, protocolVersion: "2025-11-25" }));
    const response = await http({ method: "POST", headers, body });
    expect((await response.json()).result.protocolVersion).toBe("2025-06-18");
    await close();
  });

  it("is refused, with the versions, by a server of the current revision only", async () => {
    const { http, close } = await start(served.server, { versions: ["2026-07-28"] });
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(initialize({ ...info, protocolVersion: "2025-11-25" }));
    const response = await http({ method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain("2026-07-28");
    await close();
  });

  it("serves clients of the current revision and of sessions at once, with the same code", async () => {
    const { http, close } = await start(served.server);
    const modern = createClient("http://localhost/mcp", {
      fetch: (_input, init) => http(init as RequestInit),
      onElicit: () => ({ action: "accept", content: { name: "Ana" } }),
      onRoots: () => [{ uri: "file:///home" }],
    });
    const session = await openSession(http, {
      capabilities: { elicitation: {}, roots: {} },
      answer: ({ method }) =>
        method === "roots/list"
          ? { result: { roots: [{ uri: "file:///home" }] } }
          : { result: { action: "accept", content: { name: "Ana" } } },
    });
    const [now, before] = await Promise.all([modern.callTool("ask"), session.call("ask")]);
    expect(before).toEqual({ content: now.content });
    await modern.close();
    await close();
  });
});

describe("a stdio process", () => {
  const open = () => stdioClient(createServed().server);
  const params = { ...info, protocolVersion: "2025-11-25" };

  it("answers both kinds of clients", async () => {
    const { client, close } = open();
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    expect(await client.result("tools/list", { _meta })).toHaveProperty("resultType");
    await client.result("initialize", params);
    expect(await client.result("tools/list")).not.toHaveProperty("resultType");
    expect(await client.result("tools/list", { _meta })).toHaveProperty("resultType");
    await close();
  });

  it("refuses requests without protocol fields before initialize", async () => {
    const { client, close } = open();
    await expect(client.result("tools/list")).rejects.toMatchObject({ code: expect.any(Number) });
    await close();
  });

  it("serves requests that are sent without waiting for the session", async () => {
    const { client, close } = open();
    const [opened, , pinged, listed] = await Promise.all([
      client.result("initialize", params),
      client.notify("notifications/initialized"),
      client.result("ping"),
      client.result("tools/list"),
    ]);
    expect([opened.protocolVersion, pinged, (listed.tools as []).length]).toEqual([
      "2025-11-25",
      {},
      9,
    ]);
    await client.call("change");
    expect(await client.first("notifications/tools/list_changed")).toBeDefined();
    await close();
  });

  it("opens one session only", async () => {
    const { client, close } = open();
    await client.result("initialize", params);
    await expect(client.result("initialize", params)).rejects.toMatchObject({ code: -32602 });
    await close();
  });

  it("opens a session after a failed attempt", async () => {
    const { client, close } = open();
    await expect(client.result("initialize", {})).rejects.toMatchObject({ code: -32602 });
    expect(await client.result("initialize", params)).toBeDefined();
    await close();
  });

  it("2025-03-26/basic/index#batching: implementations MUST support receiving batches", async () => {
    const { client, close } = open();
    await client.result("initialize", { ...params, protocolVersion: "2025-03-26" });
    const batch = [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: "a", method: "ping" },
      { jsonrpc: "2.0", id: "b", method: "tools/list" },
      { id: "c", method: "ping" },
    ];
    const responses = ["a", "b", "c"].map((id) => client.response(id));
    await client.send(batch);
    expect(await Promise.all(responses)).toMatchObject([
      { result: {} },
      { result: { tools: expect.any(Array) } },
      { error: { code: -32600 } },
    ]);
    await close();
  });

  it("refuses batches in sessions of other revisions", async () => {
    const { client, close } = open();
    await client.result("initialize", params);
    const response = client.response(undefined);
    await client.send([{ jsonrpc: "2.0", id: "a", method: "ping" }]);
    expect(await response).toMatchObject({ error: { code: -32600 } });
    await close();
  });
});
