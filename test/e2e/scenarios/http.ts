/** The endpoint, as any HTTP client sees it. */
import { latestVersion, legacyVersions } from "lutra/protocol";
import { expect } from "vitest";
import { overHttp, type Scenario, textOf } from "../scenario.ts";
import { callMessage } from "./message.ts";

export const http: readonly Scenario[] = [
  {
    name: "a body that is not a JSON-RPC request is refused, and the server continues",
    only: overHttp,
    run: async (client, { http }) => {
      const { body, ...rest } = callMessage("echo", { text: "x" });
      for (const [bad, code] of [
        ["{", -32700],
        ["", -32700],
        ["[]", -32600],
        [`[${body}]`, -32600],
        ["null", -32600],
        ['{"jsonrpc":"2.0"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"result":{}}', -32600],
        [body.replace('"id":"x"', '"id":null'), -32600],
        [body.replace('"id":"x"', '"id":{}'), -32600],
        [body.replace("2.0", "1.0"), -32600],
      ] as const) {
        const response = await http({ ...rest, body: bad });
        const { error } = (await response.json()) as { error?: { code: number } };
        expect([bad, response.status, error?.code]).toEqual([bad, 400, code]);
      }
      const notUTF8 = await http({ ...rest, body: new Uint8Array([0x22, 0xff, 0x22]) });
      expect([notUTF8.status, await notUTF8.json()]).toMatchObject([400, { error: {} }]);
      expect(textOf(await client.callTool("echo", { text: "still here" }))).toBe("still here");
    },
  },
  {
    name: "a request with an incomplete _meta is refused with its id",
    only: overHttp,
    run: async (_client, { http }) => {
      const { body, ...rest } = callMessage("echo", { text: "x" });
      for (const key of ["protocolVersion", "clientCapabilities"]) {
        const message = JSON.parse(body);
        delete message.params._meta[`io.modelcontextprotocol/${key}`];
        const response = await http({ ...rest, body: JSON.stringify(message) });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ id: "x", error: { code: -32602 } });
      }
    },
  },
  {
    name: "an unknown version is refused with the supported versions, before an unknown method",
    only: overHttp,
    run: async (_client, { http }) => {
      const { body, method, headers } = callMessage("echo", { text: "x" });
      const response = await http({
        method,
        headers: { ...headers, "mcp-protocol-version": "1900-01-01", "mcp-method": "tools/dance" },
        body: body.replace("2026-07-28", "1900-01-01").replace("tools/call", "tools/dance"),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        id: "x",
        error: {
          code: -32022,
          data: { supported: [latestVersion, ...legacyVersions], requested: "1900-01-01" },
        },
      });
    },
  },
  {
    name: "an unknown method is refused with 404",
    only: overHttp,
    run: async (_client, { http }) => {
      const { body, method, headers } = callMessage("echo", { text: "x" });
      const { "mcp-name": _, ...rest } = headers;
      for (const unknown of ["tools/dance", "initialize", "ping", "logging/setLevel"]) {
        const response = await http({
          method,
          headers: { ...rest, "mcp-method": unknown } as Record<string, string>,
          body: body.replace("tools/call", unknown),
        });
        expect([unknown, response.status]).toEqual([unknown, 404]);
        expect(await response.json()).toMatchObject({ id: "x", error: { code: -32601 } });
      }
    },
  },
  {
    name: "only POST with JSON from an allowed origin is accepted",
    only: overHttp,
    run: async (_client, { http }) => {
      const message = callMessage("echo", { text: "x" });
      for (const method of ["GET", "DELETE"]) {
        const refused = await http({ method, headers: { accept: "text/event-stream" } });
        expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
      }
      const type = { ...message.headers, "content-type": "text/plain" };
      expect((await http({ ...message, headers: type })).status).toBe(415);
      const origin = { ...message.headers, origin: "https://evil.example.com" };
      expect((await http({ ...message, headers: origin })).status).toBe(403);
    },
  },
  {
    name: "a body beyond the limit is refused with 413, and the server continues",
    only: overHttp,
    run: async (client, { http }) => {
      const response = await http(callMessage("echo", { text: "x".repeat(5_000_000) }));
      expect([response.status, await response.json()]).toMatchObject([
        413,
        { error: { code: -32600 } },
      ]);
      expect(textOf(await client.callTool("echo", { text: "still here" }))).toBe("still here");
    },
  },
  {
    name: "a body may arrive in chunks of any size",
    only: overHttp,
    run: async (_client, { http }) => {
      const { body, ...rest } = callMessage("echo", { text: "zwölf 🦦 Boxkämpfer" });
      const bytes = new TextEncoder().encode(body);
      let at = 0;
      const pieces = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          controller.enqueue(bytes.subarray(at, at + 1));
          at += 1;
          if (at === bytes.length) controller.close();
        },
      });
      const init = { ...rest, body: pieces, duplex: "half" };
      const response = await http(init as RequestInit);
      expect(await response.json()).toMatchObject({
        result: { content: [{ text: "zwölf 🦦 Boxkämpfer" }] },
      });
    },
  },
  {
    name: "a response has the id of its request, a string or a number",
    only: overHttp,
    run: async (_client, { http }) => {
      const { body, ...rest } = callMessage("echo", { text: "x" });
      for (const id of [0, -1, 1, Number.MAX_SAFE_INTEGER, "", "0", "ü\n", "x".repeat(1000)]) {
        const message = body.replace('"id":"x"', `"id":${JSON.stringify(id)}`);
        const response = await http({ ...rest, body: message });
        expect(await response.json()).toMatchObject({ id, result: { resultType: "complete" } });
      }
    },
  },
  {
    name: "a notification is accepted without a response",
    only: ["http", "fetch", "fleet"],
    run: async (_client, { http }) => {
      const { method, headers } = callMessage("echo", {});
      const body = '{"jsonrpc":"2.0","method":"notifications/of_a_kind"}';
      const response = await http({ method, headers, body });
      expect([response.status, await response.text()]).toEqual([202, ""]);
    },
  },
  {
    name: "a response is JSON, or an event stream if notifications precede the result",
    only: overHttp,
    run: async (_client, { http }) => {
      const plain = await http(callMessage("echo", { text: "x" }));
      expect(plain.headers.get("content-type")).toBe("application/json");
      expect(await plain.json()).toMatchObject({ id: "x", result: { resultType: "complete" } });
      const message = callMessage("count", { to: 2 });
      const body = message.body.replace('"_meta":{', '"_meta":{"progressToken":"p",');
      const stream = await http({ ...message, body });
      expect(stream.headers.get("content-type")).toBe("text/event-stream");
      expect(stream.headers.get("x-accel-buffering")).toBe("no");
      const events = (await stream.text()).split("\n\n").filter((event) => event !== "");
      expect(events).toHaveLength(3);
      expect(events[0]).toContain('"progressToken":"p"');
      expect(events[2]).toContain("counted to 2");
    },
  },
];
