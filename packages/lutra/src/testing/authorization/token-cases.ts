/**
 * The cases of the contract about bearer tokens.
 *
 * @spec basic/authorization/index#token-handling, basic/authorization/index#error-handling
 */
import {
  createRequest,
  expectRefused,
  expectServed,
  type ProtectedServer,
  type ProtectedServerCase,
} from "./protected-server.ts";
import type { TestIssuer } from "./test-issuer.ts";

const seconds = () => Math.floor(Date.now() / 1000);
const foreign = "https://other.example.com/mcp";

async function send(server: ProtectedServer, token: string, tool?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return server.send(createRequest(server, headers, tool));
}

interface RefusedTokenCase {
  readonly what: string;
  readonly token: (issuer: TestIssuer) => string | Promise<string>;
}

const refusedTokens: readonly RefusedTokenCase[] = [
  { what: "that the issuer did not sign, of another form", token: () => "not-a-token" },
  { what: "with a foreign audience", token: (issuer) => issuer.token({ aud: foreign }) },
  {
    what: "with an array of foreign audiences",
    token: (issuer) => issuer.token({ aud: [foreign, "https://third.example.com"] }),
  },
  {
    what: "with an audience that only begins like the resource",
    token: (issuer) => issuer.token({ aud: `${issuer.resource}/other` }),
  },
  { what: "without an audience", token: (issuer) => issuer.token({ aud: undefined }) },
  { what: "with an empty audience", token: (issuer) => issuer.token({ aud: [] }) },
  { what: "that has expired", token: (issuer) => issuer.token({ exp: seconds() - 3600 }) },
  { what: "that never expires", token: (issuer) => issuer.token({ exp: undefined }) },
  { what: "that is not valid yet", token: (issuer) => issuer.token({ nbf: seconds() + 3600 }) },
  {
    what: "of another issuer",
    token: (issuer) => issuer.token({ iss: "https://other-issuer.example.com" }),
  },
  {
    what: "of the issuer in another spelling",
    token: (issuer) => issuer.token({ iss: `${issuer.issuer}/` }),
  },
  { what: "without an issuer", token: (issuer) => issuer.token({ iss: undefined }) },
  { what: "without a signature (alg: none)", token: (issuer) => issuer.unsignedToken() },
  {
    what: "signed with the public key as a secret (HS256)",
    token: (issuer) => issuer.tokenSignedWithPublicKey(),
  },
  { what: "signed with an unknown key", token: (issuer) => issuer.forgedToken() },
  {
    what: "whose claims were changed after it was signed",
    token: async (issuer) => {
      const [header, , signature] = (await issuer.token()).split(".");
      const [, claims] = (await issuer.token({ sub: "admin" })).split(".");
      return `${header}.${claims}.${signature}`;
    },
  },
  { what: "with another type", token: (issuer) => issuer.token({}, { typ: "logout+jwt" }) },
  { what: "without a type", token: (issuer) => issuer.token({}, { typ: undefined }) },
  {
    what: "that is an ID token",
    token: (issuer) => issuer.token({ aud: "client", nonce: "n" }, { typ: "JWT" }),
  },
  {
    what: "that is an ID token for the resource as its client",
    token: (issuer) => issuer.token({ nonce: "n", at_hash: "h" }, { typ: "JWT" }),
  },
  {
    what: "that is an identity assertion (ID-JAG)",
    token: (issuer) => issuer.token({ aud: issuer.issuer }, { typ: "oauth-id-jag+jwt" }),
  },
  {
    what: "that is an identity assertion with the resource as its audience",
    token: (issuer) => issuer.token({}, { typ: "oauth-id-jag+jwt" }),
  },
];

export const tokenCases: readonly ProtectedServerCase[] = [
  {
    name: "accepts a token for the resource",
    body: async (server) => {
      const { issuer, tool } = server;
      await expectServed(await send(server, await issuer.token({ scope: tool.scope })));
    },
  },
  {
    name: "accepts a token with the resource among its audiences",
    body: async (server) => {
      const { issuer, tool } = server;
      const token = await issuer.token({ aud: [foreign, issuer.resource], scope: tool.scope });
      await expectServed(await send(server, token));
    },
  },
  {
    name: "accepts the scheme in any case",
    body: async (server) => {
      const token = await server.issuer.token({ scope: server.tool.scope });
      const request = createRequest(server, { authorization: `bearer ${token}` });
      await expectServed(await server.send(request));
    },
  },
  ...refusedTokens.map(
    ({ what, token }): ProtectedServerCase => ({
      name: `refuses a token ${what}`,
      body: async (server) => {
        const response = await send(server, await token(server.issuer));
        await expectRefused(response, { status: 401, error: "invalid_token" });
      },
    }),
  ),
  {
    name: "refuses a request whose token is missing after the scheme",
    body: async (server) => {
      const response = await server.send(createRequest(server, { authorization: "Bearer" }));
      if (response.status === 401) return void (await response.text());
      await expectRefused(response, { status: 400, error: "invalid_request" });
    },
  },
  {
    name: "refuses a call without its scope, and names the scope",
    body: async (server) => {
      const { issuer, tool } = server;
      const response = await send(server, await issuer.token({ scope: "other" }), tool.name);
      const expected = { status: 403, error: "insufficient_scope", scope: tool.scope };
      await expectRefused(response, expected);
    },
  },
  {
    name: "serves a call with its scope",
    body: async (server) => {
      const { issuer, tool } = server;
      const token = await issuer.token({ scope: `other ${tool.scope}` });
      await expectServed(await send(server, token, tool.name));
    },
  },
  {
    name: "does not take a part of a scope for the scope",
    body: async (server) => {
      const { issuer, tool } = server;
      const response = await send(
        server,
        await issuer.token({ scope: `${tool.scope}x` }),
        tool.name,
      );
      await expectRefused(response, { status: 403, error: "insufficient_scope" });
    },
  },
];
