/** The gateway's own tokens in subscriptions, in sessions of an earlier revision, and in copies. */
import { protect } from "lutra/auth";
import { createClient } from "lutra/client";
import { type Authenticate, readBearerToken, serveHttp } from "lutra/node";
import { createServer, defineTool, unauthorized } from "lutra/server";
import { createTestIssuer, type TestIssuer } from "lutra/testing";
import { beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { startGateway } from "../gateway.ts";
import { startTokenServer, type TokenServer } from "./fixtures/token-servers.ts";

let issuer: TestIssuer;
let tokens: TokenServer;
/** The tokens that upstreams accept no longer. */
const revoked = new Set<string>();

beforeAll(async () => {
  issuer = await createTestIssuer({ resource: "https://gateway.example.com/mcp" });
});

beforeEach(async () => {
  tokens = await startTokenServer();
  revoked.clear();
  return () => tokens.close();
});

type UpstreamInput = ConfigInput["upstreams"][string];

/** Starts a server whose callers are named by their tokens. */
async function startUpstream() {
  const seen: string[] = [];
  const server = createServer({
    name: "books",
    version: "1.0.0",
    tools: [
      defineTool({
        name: "whoami",
        annotations: { readOnlyHint: true },
        call: (_args, { principal }) => {
          seen.push(String(principal?.id));
          return String(principal?.id);
        },
      }),
    ],
  });
  const authenticate: Authenticate = (header) => {
    const token = readBearerToken(header);
    if (token === undefined) return undefined;
    if (token.startsWith("token-") && !revoked.has(token)) return { id: token };
    throw unauthorized({ challenge: 'Bearer error="invalid_token"' });
  };
  const { url, close } = await serveHttp(server, { port: 0, authenticate });
  onTestFinished(() => close());
  return { server, url, seen };
}

const authOf = (grant: "client-credentials" | "token-exchange") => ({
  ...{ grant, issuer: tokens.issuer, clientId: "gateway", clientSecret: "a secret" },
});

async function startFront(
  upstreams: { readonly [name: string]: UpstreamInput },
  routes?: ConfigInput["routes"],
) {
  const config: ConfigInput = {
    ...{ listen: { port: 0 }, admin: false, log: false, upstreams },
    ...(routes && { routes }),
  };
  const gateway = await startGateway(config, {
    notice: () => {},
    authenticate: protect(issuer.options),
  });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return gateway;
}

async function connect(url: string, sub = "ana") {
  const authorization = `Bearer ${await issuer.token({ sub })}`;
  const client = createClient(url, { headers: { authorization } });
  onTestFinished(() => client.close());
  return client;
}

const textOf = ({ content }: { readonly content?: unknown }) =>
  (content as readonly { readonly text: string }[])[0]?.text;

it.each(["client-credentials", "token-exchange"] as const)(
  "sends a renewed token in a session of an earlier revision (%s)",
  async (grant) => {
    const { url } = await startUpstream();
    const front = await startFront({ old: { url, era: "2025-11-25", auth: authOf(grant) } });
    const client = await connect(front.url);
    expect(textOf(await client.callTool("whoami"))).toBe("token-1");
    revoked.add("token-1");
    expect(textOf(await client.callTool("whoami"))).toBe("token-2");
    expect(textOf(await client.callTool("whoami"))).toBe("token-2");
  },
);

it.each([
  ["relayed", undefined],
  ["merged", [{ merge: "all" as const }]],
])("opens a subscription with the token of its caller (%s)", async (_way, routes) => {
  const { server, url } = await startUpstream();
  const front = await startFront({ books: { url, auth: authOf("token-exchange") } }, routes);
  const client = await connect(front.url);
  let changes = 0;
  const subscription = await client.listen({ toolsListChanged: true });
  void (async () => {
    for await (const { method } of subscription) {
      if (method === "notifications/tools/list_changed") changes += 1;
    }
  })();
  await vi.waitFor(
    () => {
      server.tools.add(defineTool({ name: `tool-${Math.random()}`, call: () => "" }));
      expect(changes).toBeGreaterThan(0);
    },
    { timeout: 15_000, interval: 200 },
  );
});

it("copies requests with the token for the other upstream", async () => {
  const books = await startUpstream();
  const other = await startUpstream();
  const auth = authOf("token-exchange");
  const front = await startFront(
    {
      books: { url: books.url, verify: "upstream", retries: { trustAnnotations: true }, auth },
      other: { url: other.url, verify: "upstream", auth: { ...auth, resource: other.url } },
    },
    [{ to: "books", shadow: { upstream: "other", sideEffects: true } }],
  );
  const client = await connect(front.url);
  await client.callTool("whoami");
  await vi.waitFor(() => expect(other.seen).toHaveLength(1), { timeout: 15_000 });
  expect(other.seen).not.toEqual(books.seen);
});
