/**
 * The cases of the contract about tokens that are bound to a key (RFC 9449).
 *
 * @spec basic/authorization/security-considerations#token-theft
 */
import type { JSONObject } from "../../protocol/json.ts";
import { expectThat } from "../contracts/contract-case.ts";
import {
  createRequest,
  expectRefused,
  expectServed,
  type ProtectedServer,
  type ProtectedServerCase,
} from "./protected-server.ts";
import type { TestKey } from "./test-issuer.ts";

const seconds = () => Math.floor(Date.now() / 1000);

/** A client with a key, and a token that is bound to it. */
interface BoundClient {
  readonly key: TestKey;
  readonly token: string;
  /** The nonce of the server, where it requires one. */
  readonly nonce: JSONObject;
}

async function createBoundClient(server: ProtectedServer): Promise<BoundClient> {
  const { issuer, tool, requiresNonce = false } = server;
  const key = await issuer.createKey();
  const token = await issuer.token({ scope: tool.scope, cnf: { jkt: key.thumbprint } });
  if (!requiresNonce) return { key, token, nonce: {} };
  const response = await sendProof(server, token, await key.proof(token));
  const nonce = response.headers.get("dpop-nonce");
  expectThat(nonce !== null, "a server that requires a nonce sends DPoP-Nonce");
  return { key, token, nonce: { nonce } };
}

function sendProof(
  server: ProtectedServer,
  token: string,
  proof: string | undefined,
): Promise<Response> {
  const headers = { authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) };
  return server.send(createRequest(server, headers));
}

const invalidProof = { status: 401, scheme: "DPoP", error: "invalid_dpop_proof" };

interface RefusedProofCase {
  readonly what: string;
  readonly claims?: (server: ProtectedServer) => JSONObject;
  readonly header?: JSONObject;
}

const refusedProofs: readonly RefusedProofCase[] = [
  { what: "for another URL", claims: () => ({ htu: "https://other.example.com/mcp" }) },
  {
    what: "for another path",
    claims: ({ issuer }) => ({ htu: `${new URL(issuer.resource).origin}/elsewhere` }),
  },
  { what: "for another method", claims: () => ({ htm: "GET" }) },
  {
    what: "for another token",
    claims: () => ({ ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" }),
  },
  { what: "without the hash of the token", claims: () => ({ ath: undefined }) },
  { what: "without an id", claims: () => ({ jti: undefined }) },
  { what: "without a time", claims: () => ({ iat: undefined }) },
  { what: "that was made an hour ago", claims: () => ({ iat: seconds() - 3600 }) },
  { what: "that was made for later", claims: () => ({ iat: seconds() + 3600 }) },
  { what: "of another type", header: { typ: "JWT" } },
  { what: "without a key", header: { jwk: undefined } },
];

export const dpopCases: readonly ProtectedServerCase[] = [
  {
    name: "accepts a bound token with a proof, within 5 minutes of its time",
    body: async (server) => {
      const { key, token, nonce } = await createBoundClient(server);
      for (const iat of [seconds(), seconds() - 280, seconds() + 280]) {
        const proof = await key.proof(token, { iat, ...nonce });
        await expectServed(await sendProof(server, token, proof));
      }
    },
  },
  {
    name: "accepts a proof whose URL has a query",
    body: async (server) => {
      const { key, token, nonce } = await createBoundClient(server);
      const proof = await key.proof(token, { htu: `${server.issuer.resource}?a=1#b`, ...nonce });
      await expectServed(await sendProof(server, token, proof));
    },
  },
  {
    name: "refuses a proof that is used again",
    body: async (server) => {
      const { key, token, nonce } = await createBoundClient(server);
      const proof = await key.proof(token, nonce);
      await expectServed(await sendProof(server, token, proof));
      await expectRefused(await sendProof(server, token, proof), invalidProof);
    },
  },
  {
    name: "refuses a bound token as a bearer token",
    body: async (server) => {
      const { token } = await createBoundClient(server);
      const request = createRequest(server, { authorization: `Bearer ${token}` });
      await expectRefused(await server.send(request), { status: 401, error: "invalid_token" });
    },
  },
  {
    name: "refuses a bound token without a proof",
    body: async (server) => {
      const { token } = await createBoundClient(server);
      await expectRefused(await sendProof(server, token, undefined), invalidProof);
    },
  },
  {
    name: "refuses a token without a key in the scheme DPoP",
    body: async (server) => {
      const { key, nonce } = await createBoundClient(server);
      const token = await server.issuer.token({ scope: server.tool.scope });
      const response = await sendProof(server, token, await key.proof(token, nonce));
      await expectRefused(response, { ...invalidProof, error: "invalid_token" });
    },
  },
  {
    name: "refuses a proof of another key",
    body: async (server) => {
      const { token, nonce } = await createBoundClient(server);
      const thief = await server.issuer.createKey();
      const response = await sendProof(server, token, await thief.proof(token, nonce));
      await expectRefused(response, invalidProof);
    },
  },
  ...refusedProofs.map(
    ({ what, claims = () => ({}), header = {} }): ProtectedServerCase => ({
      name: `refuses a proof ${what}`,
      body: async (server) => {
        const { key, token, nonce } = await createBoundClient(server);
        const proof = await key.proof(token, { ...nonce, ...claims(server) }, header);
        await expectRefused(await sendProof(server, token, proof), invalidProof);
      },
    }),
  ),
  {
    name: "asks for a nonce where it requires one",
    body: async (server) => {
      if (server.requiresNonce !== true) return;
      const { key, token } = await createBoundClient(server);
      for (const nonce of [undefined, "wrong"]) {
        const response = await sendProof(server, token, await key.proof(token, { nonce }));
        expectThat(response.headers.get("dpop-nonce") !== null, "the refusal has DPoP-Nonce");
        await expectRefused(response, { ...invalidProof, error: "use_dpop_nonce" });
      }
    },
  },
];
