/** Tokens of the gateway that are bound to keys, at an upstream that requires proofs with its nonce. */
import { calculateJwkThumbprint, decodeProtectedHeader } from "jose";
import { protect } from "lutra/auth";
import { createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { createTestIssuer } from "lutra/testing";
import { expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { startGateway } from "../gateway.ts";
import { startTokenServer } from "./fixtures/token-servers.ts";

const resource = "https://books.example/mcp";

type UpstreamInput = ConfigInput["upstreams"][string];

/** The ways of a request, with the settings that choose them. */
const ways: readonly (readonly [string, Partial<UpstreamInput>, ConfigInput["routes"]])[] = [
  ["passed through", { verify: "upstream" }, undefined],
  ["parsed", {}, undefined],
  ["merged", {}, [{ merge: "all" }]],
];

/** Starts a server that accepts tokens with proofs alone. */
async function startUpstream() {
  const books = await createTestIssuer({ resource });
  const server = createServer({
    name: "books",
    version: "1.0.0",
    tools: [defineTool({ name: "whoami", call: (_args, { principal }) => String(principal?.id) })],
  });
  const dpop = { required: true, nonceKey: "a key of 32 or more characters, for nonces" };
  const { url, close } = await serveHttp(server, {
    port: 0,
    authenticate: protect({ ...books.options, dpop }),
  });
  onTestFinished(() => close());
  return { url, books };
}

it.each(ways)("a call that is %s has a token with a proof", async (_way, settings, routes) => {
  const { url, books } = await startUpstream();
  const tokens = await startTokenServer();
  onTestFinished(() => tokens.close());
  tokens.answer = async () => {
    const { jwk = {} } = decodeProtectedHeader(String(tokens.requests.at(-1)?.headers.dpop));
    const cnf = { jkt: await calculateJwkThumbprint(jwk, "sha256") };
    const access_token = await books.token({ sub: "gateway", cnf });
    return { body: { access_token, token_type: "DPoP", expires_in: 3600 } };
  };
  const client = { issuer: tokens.issuer, clientId: "gateway", clientSecret: "a secret" };
  const auth = { grant: "client-credentials", dpop: true, resource, ...client } as const;
  const gateway = await startGateway(
    {
      ...{ listen: { port: 0 }, admin: false, log: false },
      upstreams: { books: { url, auth, ...settings } },
      ...(routes && { routes }),
    },
    { notice: () => {} },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const mcp = createClient(gateway.url);
  onTestFinished(() => mcp.close());
  for (const _ of [1, 2, 3]) {
    const { content } = await mcp.callTool("whoami");
    expect(content).toEqual([{ type: "text", text: `${books.issuer} gateway` }]);
  }
  expect(tokens.requests).toHaveLength(1);
});
