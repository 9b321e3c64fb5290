/**
 * The contract of a protected server, run against the bearer authentication of the official SDK 2.4.0 for
 * comparison, with a verifier as its users write it.
 */
import {
  createMcpHandler,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  oauthMetadataResponse,
  requireBearerAuth,
} from "@modelcontextprotocol/server";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { createTestIssuer, resourceServerContract } from "lutra/testing";
import { expect, it } from "vitest";

const resource = "https://library.example.com/mcp";
const metadataUrl = "https://library.example.com/.well-known/oauth-protected-resource/mcp";
const tool = { name: "add_book", scope: "books:write" };
const issuer = await createTestIssuer({ resource });

const keys = createRemoteJWKSet(new URL(`${issuer.issuer}/keys`), {
  [customFetch]: (url, init) => issuer.options.fetch(url, init as RequestInit),
});

const gate = requireBearerAuth({
  resourceMetadataUrl: metadataUrl,
  expectedResource: new URL(resource),
  verifier: {
    async verifyAccessToken(token) {
      const options = { issuer: issuer.issuer, typ: "at+jwt" };
      const { payload } = await jwtVerify(token, keys, options).catch(() => {
        throw new OAuthError(OAuthErrorCode.InvalidToken, "invalid token");
      });
      const { aud = [], exp, scope } = payload;
      const [audience] = [aud].flat().filter((one) => one === resource);
      return {
        token,
        clientId: "test",
        scopes: String(scope ?? "").split(" "),
        ...(exp !== undefined && { expiresAt: exp }),
        ...(audience !== undefined && { resource: new URL(audience) }),
      };
    },
  },
});

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "library", version: "1.0.0" });
  server.registerTool(tool.name, {}, () => ({ content: [{ type: "text", text: "added" }] }));
  return server;
});

async function send(request: Request): Promise<Response> {
  const endpoint = (path: string) => `${issuer.issuer}/${path}`;
  const metadata = oauthMetadataResponse(request, {
    oauthMetadata: {
      issuer: issuer.issuer,
      authorization_endpoint: endpoint("authorize"),
      token_endpoint: endpoint("token"),
      response_types_supported: ["code"],
    },
    resourceServerUrl: new URL(resource),
  });
  if (metadata) return metadata;
  const authInfo = await gate(request);
  return authInfo instanceof Response ? authInfo : handler.fetch(request, { authInfo });
}

it("the bearer authentication of the official SDK keeps the contract with these exceptions", async () => {
  const cases = resourceServerContract(() => ({ issuer, tool, send }), { dpop: false });
  const broken: string[] = [];
  for (const { name, run } of cases) await run().catch(() => broken.push(name));
  expect(broken).toEqual([
    // It serves the metadata at the path form only.
    "serves metadata at the well-known URL with the path and at the root",
    "serves the same metadata for any Host and any forwarded host",
    "serves metadata to web pages of any origin",
    // RFC 6750, section 3.1: a request without credentials should not get an error code.
    "challenges a request without a token, without an error, and with the metadata",
    "challenges credentials of another scheme like none",
    "does not accept a token in the query of the URL",
    // Scopes of single tools are left to their handlers.
    "refuses a call without its scope, and names the scope",
    "does not take a part of a scope for the scope",
  ]);
});
