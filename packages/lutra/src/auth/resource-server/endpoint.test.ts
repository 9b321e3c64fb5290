/** Protected endpoints: what they answer before a body, and for how long, in both eras. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { headerNames } from "../../protocol/http-headers.ts";
import { createServer } from "../../server/create-server.ts";
import { requestOf } from "../../server/fixtures/ask.ts";
import { definePrompt } from "../../server/prompts.ts";
import { defineResource, defineResourceTemplate } from "../../server/resources.ts";
import { defineTool } from "../../server/tools.ts";
import { createTestIssuer, type TestIssuer } from "../../testing/authorization/test-issuer.ts";
import { runners } from "../../transport/http/fixtures/run-handler.ts";
import { createFetchHandler } from "../../transport/http/index.ts";
import { protect } from "../node.ts";

const resource = "https://library.example.com/mcp";
const version = "2026-07-28";

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ resource });
});
afterEach(() => void vi.useRealTimers());

const server = createServer({
  name: "library",
  version: "1.0.0",
  tools: [
    defineTool({ name: "add", scopes: ["books:write"], call: () => "added" }),
    defineTool({ name: "look", call: () => "looked" }),
  ],
  resources: [
    defineResource({ uri: "diary://ana", name: "a", scopes: ["diary:read"], read: () => "dear" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "book://{id}",
      name: "b",
      scopes: ["books:read"],
      read: () => "b",
    }),
  ],
  prompts: [definePrompt({ name: "praise", scopes: ["books:read"], get: () => "praise" })],
});

describe.each(runners)(
  "basic/authorization/index#runtime-insufficient-scope-errors: %s",
  (_n, run) => {
    it.each([
      ["tools/call", "add", "books:write"],
      ["resources/read", "diary://ana", "diary:read"],
      ["resources/read", "book://1", "books:read"],
      ["prompts/get", "praise", "books:read"],
    ])("refuses %s of %s by its headers, without reading the body", async (method, name, scope) => {
      const runner = await run(server, { authenticate: protect(issuer.options) });
      // A handler that read the body would never answer.
      const endless = async function* () {
        for (;;) {
          yield new Uint8Array(1);
          await new Promise(() => {});
        }
      };
      const { status, headers, text } = await runner.ask({
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await issuer.token({ scope: "other" })}`,
          [headerNames.version]: version,
          [headerNames.method]: method,
          [headerNames.name]: name,
        },
        body: endless(),
      });
      expect(status).toBe(403);
      expect(headers["www-authenticate"]).toBe(
        `Bearer error="insufficient_scope", scope="${scope}", resource_metadata="https://library.example.com/.well-known/oauth-protected-resource/mcp"`,
      );
      expect(await text()).toContain(`requires the scope ${scope}`);
      await runner.close();
    });

    it("decides by the body when the headers name another tool", async () => {
      const runner = await run(server, { authenticate: protect(issuer.options) });
      const { status } = await runner.ask({
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await issuer.token({ scope: "other" })}`,
          [headerNames.version]: version,
          [headerNames.method]: "tools/call",
          [headerNames.name]: "look",
        },
        body: JSON.stringify(requestOf("tools/call", { name: "add", arguments: {} })),
      });
      expect(status).toBe(400);
      await runner.close();
    });
  },
);

describe("a subscription ends gracefully when the token expires, and nothing is written to it afterwards", () => {
  /** Lets the promises of the handler settle. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it("in the current revision", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const handle = createFetchHandler(server, { authenticate: protect(issuer.options) });
    const exp = Math.floor(Date.now() / 1000) + 60;
    const filter = { notifications: { toolsListChanged: true } };
    const response = await handle(
      new Request(resource, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await issuer.token({ exp })}`,
          [headerNames.version]: version,
          [headerNames.method]: "subscriptions/listen",
        },
        body: JSON.stringify(requestOf("subscriptions/listen", filter)),
      }),
    );
    vi.advanceTimersByTime(90_001);
    await settle();
    server.tools.add(defineTool({ name: "later", call: () => "" }));
    server.tools.remove("later");
    const text = await response.text();
    expect(text).toContain('"resultType":"complete"');
    expect(text).not.toContain("notifications/tools/list_changed");
  });

  it("in the revision 2025-11-25", async () => {
    const handle = createFetchHandler(server, {
      authenticate: protect({ ...issuer.options, now: () => Date.now() }),
    });
    const exp = Math.floor(Date.now() / 1000) + 60;
    const authorization = `Bearer ${await issuer.token({ exp })}`;
    const headers = { authorization, "content-type": "application/json" };
    const initialize = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "old", version: "1" },
      },
    };
    const opened = await handle(
      new Request(resource, { method: "POST", headers, body: JSON.stringify(initialize) }),
    );
    const session = opened.headers.get("mcp-session-id") ?? "";
    expect(opened.status).toBe(200);
    const inSession = { authorization, "mcp-session-id": session, accept: "text/event-stream" };

    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const feed = await handle(new Request(resource, { headers: inSession }));
    expect(feed.headers.get("content-type")).toBe("text/event-stream");
    await settle();
    vi.advanceTimersByTime(90_001);
    await settle();
    server.tools.add(defineTool({ name: "later", call: () => "" }));
    server.tools.remove("later");
    expect(await feed.text()).not.toContain("list_changed");

    const refused = await handle(new Request(resource, { headers: inSession }));
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain("resource_metadata=");
  });
});

describe("the revision 2025-11-25", () => {
  it("gets the same challenges for a scope", async () => {
    const handle = createFetchHandler(server, { authenticate: protect(issuer.options) });
    const headers = {
      authorization: `Bearer ${await issuer.token({ scope: "other" })}`,
      "content-type": "application/json",
      "mcp-protocol-version": "2025-11-25",
    };
    const post = (body: object, more: object = {}) =>
      handle(
        new Request(resource, {
          method: "POST",
          headers: { ...headers, ...more },
          body: JSON.stringify(body),
        }),
      );
    const clientInfo = { name: "old", version: "1" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    const opened = await post({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    await post({ jsonrpc: "2.0", method: "notifications/initialized" }, session);
    const call = { name: "add", arguments: {} };
    const refused = await post(
      { jsonrpc: "2.0", id: 2, method: "tools/call", params: call },
      session,
    );
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toMatch(
      /^Bearer error="insufficient_scope", scope="books:write", resource_metadata="/,
    );
  });

  it("needs a proof for the method of each request of a session", async () => {
    const handle = createFetchHandler(server, { authenticate: protect(issuer.options) });
    const key = await issuer.createKey();
    const token = await issuer.token({ cnf: { jkt: key.thumbprint } });
    const headersWith = async (htm: string) => ({
      authorization: `DPoP ${token}`,
      dpop: await key.proof(token, { htm }),
      "content-type": "application/json",
    });
    const clientInfo = { name: "old", version: "1" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const opened = await handle(
      new Request(resource, { method: "POST", headers: await headersWith("POST"), body }),
    );
    const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    const end = async (htm: string) => {
      const headers = { ...(await headersWith(htm)), ...session };
      return handle(new Request(resource, { method: "DELETE", headers }));
    };
    const refused = await end("POST");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain('error="invalid_dpop_proof"');
    expect((await end("DELETE")).status).toBe(204);
  });
});
