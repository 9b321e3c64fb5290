/** Every way in which a request names a version that is not served, and the answer to it. */
import { type Gateway, startGateway } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveHttp } from "../../packages/lutra/src/transport/node.ts";
import { createServed } from "./fixture.ts";
import { type Endpoint, fetchEndpoint, nodeEndpoint, openSession, stdioClient } from "./wire.ts";

const current = "2026-07-28";
const narrowed = [current, "2025-11-25", "2025-03-26"];

/** A request with the protocol fields of a version. */
function modern(version: string, method = "tools/list") {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": version,
      "mcp-method": method,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta } }),
  };
}

async function gatewayEndpoint(
  _server: unknown,
  { versions }: { readonly versions?: readonly string[] },
): Promise<Endpoint> {
  const upstream = await serveHttp(createServed().server, { port: 0 });
  const gateway: Gateway = await startGateway({
    listen: { port: 0, ...(versions && { versions: [...versions] }) },
    admin: false,
    log: false,
    drainMs: 500,
    upstreams: { one: { url: upstream.url } },
  });
  await gateway.ready();
  return {
    http: (init) => fetch(gateway.url, init),
    close: async () => {
      await gateway.close();
      await upstream.close();
    },
  };
}

const kinds = [
  ["the Node handler", nodeEndpoint],
  ["the fetch handler", fetchEndpoint],
  ["a gateway", gatewayEndpoint],
] as const;

async function errorOf(response: Response) {
  const { error } = (await response.json()) as { error: { code: number; message: string } };
  return { status: response.status, ...error } as {
    status: number;
    code: number;
    message: string;
    data?: { supported?: readonly string[]; requested?: string };
  };
}

describe.each(kinds)("%s that serves some versions", (_name, start) => {
  let endpoint: Endpoint;
  beforeAll(async () => {
    endpoint = await start(createServed().server, { versions: narrowed });
  });
  afterAll(() => endpoint.close());

  it.each(["2099-01-01", "2025-06-18", "x"])(
    "MUST answer protocol fields of %s with -32022 and all versions that it serves",
    async (version) => {
      expect(await errorOf(await endpoint.http(modern(version)))).toMatchObject({
        status: 400,
        code: -32022,
        data: { supported: narrowed, requested: version },
      });
    },
  );

  it("says that sessions begin with initialize to protocol fields of an earlier version", async () => {
    const error = await errorOf(await endpoint.http(modern("2025-11-25")));
    expect(error).toMatchObject({ status: 400, code: -32022, data: { supported: narrowed } });
    expect(error.message).toMatch(/sessions of 2025-11-25 begin with initialize.*2026-07-28/);
  });

  it("lists these versions in server/discover", async () => {
    const response = await endpoint.http(modern(current, "server/discover"));
    const { result } = (await response.json()) as { result: { supportedVersions: string[] } };
    expect(result.supportedVersions).toEqual(narrowed);
  });

  it.each([
    ["2025-11-25", "2025-11-25"],
    ["2025-06-18", "2025-11-25"],
    ["2025-03-26", "2025-03-26"],
    ["2024-11-05", "2025-11-25"],
  ])("opens a session for %s at %s", async (version, chosen) => {
    const session = await openSession(endpoint.http, { version });
    expect(session.headers["mcp-protocol-version"]).toBe(chosen);
  });

  it("MUST answer 400 to the header of another version in a session, and names the versions", async () => {
    const session = await openSession(endpoint.http);
    const ping = { jsonrpc: "2.0", id: 9, method: "ping" };
    const response = await session.post(ping, { "mcp-protocol-version": "2025-06-18" });
    const { status, message } = await errorOf(response);
    expect(status).toBe(400);
    expect(message).toContain("2025-11-25, 2025-03-26");
  });
});

describe.each(kinds)("%s that serves the current version only", (_name, start) => {
  let endpoint: Endpoint;
  beforeAll(async () => {
    endpoint = await start(createServed().server, { versions: [current] });
  });
  afterAll(() => endpoint.close());

  // A missing header is a mismatch, also here; one of a version that is not served is answered as such.
  it.each([
    ["without the version header", undefined, -32020],
    ["with the header of its version", "2025-11-25", -32022],
  ] as const)(
    "MUST answer initialize %s with 400, and SHOULD name its versions",
    async (_what, version, code) => {
      const response = await endpoint.http({
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(version && { "mcp-protocol-version": version }),
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: { protocolVersion: "2025-11-25", capabilities: {} },
        }),
      });
      expect(await errorOf(response)).toMatchObject({
        status: 400,
        code,
        message: expect.stringMatching(/asked for 2025-11-25; this server supports 2026-07-28/),
        data: { supported: [current], requested: "2025-11-25" },
      });
    },
  );
});

it.each([
  ["the Node handler", nodeEndpoint],
  ["a gateway", gatewayEndpoint],
] as const)("%s lists each problem of a request without a version once", async (_name, start) => {
  const { http, close } = await start(createServed().server, { versions: narrowed });
  const headers = { "content-type": "application/json", accept: "*/*" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const { data } = await errorOf(await http({ method: "POST", headers, body }));
  expect(data).toMatchObject({
    supported: narrowed,
    problems: [
      `MCP-Protocol-Version: missing; this server supports ${narrowed.join(", ")}`,
      `params._meta: expected an object; this server supports ${narrowed.join(", ")}`,
      "Mcp-Method: missing, expected the value in the body",
    ],
  });
  await close();
});

it("over stdio, a server of the current version only SHOULD name its versions in the error for initialize", async () => {
  const { client, close } = stdioClient(createServed().server, { versions: [current] });
  const { error } = await client.requestAs(1, "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
  });
  expect(error).toMatchObject({
    code: -32602,
    message: expect.stringMatching(/asked for 2025-11-25; this server supports 2026-07-28/),
    data: { supported: [current], requested: "2025-11-25" },
  });
  await close();
});

it("over stdio, all served versions are listed", async () => {
  const { client, close } = stdioClient(createServed().server);
  const { error } = await client.requestAs(1, "tools/list", {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2099-01-01",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  });
  expect(error).toMatchObject({
    code: -32022,
    data: { supported: [current, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] },
  });
  await close();
});
