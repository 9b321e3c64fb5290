/** The contract of a protected server, run against both HTTP handlers and in both runtimes. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import type { ProtectedServer } from "../../testing/authorization/protected-server.ts";
import { resourceServerContract } from "../../testing/authorization/resource-server-contract.ts";
import { createTestIssuer, type TestIssuer } from "../../testing/authorization/test-issuer.ts";
import { createFetchHandler } from "../../transport/http/index.ts";
import { serveHttp } from "../../transport/node.ts";
import { protect as protectOnEdge } from "../index.ts";
import { protect } from "../node.ts";

const resource = "https://library.example.com/mcp";
const tool = { name: "add_book", scope: "books:write" };
const nonceKey = "0123456789abcdef0123456789abcdef";

const server = createServer({
  name: "library",
  version: "1.0.0",
  tools: [defineTool({ name: tool.name, scopes: [tool.scope], call: () => "added" })],
});

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ resource });
});

describe("the fetch handler of a protected server", () => {
  const open = (): ProtectedServer => {
    const authenticate = protect(issuer.options);
    return { issuer, tool, send: createFetchHandler(server, { authenticate }) };
  };
  for (const { name, run } of resourceServerContract(open)) it(name, run);
});

describe("the fetch handler of a protected server that requires nonces, on edge platforms", () => {
  const open = (): ProtectedServer => {
    const authenticate = protectOnEdge({ ...issuer.options, dpop: { nonceKey } });
    return {
      issuer,
      tool,
      send: createFetchHandler(server, { authenticate }),
      requiresNonce: true,
    };
  };
  for (const { name, run } of resourceServerContract(open)) it(name, run);
});

describe("the Node handler of a protected server", () => {
  let close: () => Promise<void>;
  let url: string;
  beforeAll(async () => {
    const authenticate = protect(issuer.options);
    const allowedHosts = ["library.example.com", "127.0.0.1", "evil.example.com"];
    const endpoint = await serveHttp(server, { port: 0, authenticate, allowedHosts });
    ({ close } = endpoint);
    url = endpoint.url;
  });
  afterAll(() => close());

  /** Sends the request to the address at which the server listens. */
  async function send(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    const body = request.body === null ? null : await request.text();
    return fetch(new URL(pathname + search, url), { method, headers, body });
  }
  for (const { name, run } of resourceServerContract(() => ({ issuer, tool, send }))) it(name, run);
});
