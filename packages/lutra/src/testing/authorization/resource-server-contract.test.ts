/** The contract, tried with servers that break one of its promises each. */
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { TokenClaims } from "../../auth/index.ts";
import { protect } from "../../auth/node.ts";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import type { Authenticate } from "../../transport/http/authenticate.ts";
import { createFetchHandler } from "../../transport/http/index.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { resourceServerContract } from "./resource-server-contract.ts";
import { createTestIssuer, type TestIssuer } from "./test-issuer.ts";

const resource = "https://library.example.com/mcp";
const tool = { name: "add_book", scope: "books:write" };
const serverOf = (scopes?: readonly string[]) =>
  createServer({
    name: "library",
    version: "1.0.0",
    tools: [defineTool({ name: tool.name, ...(scopes && { scopes }), call: () => "added" })],
  });

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ resource });
});

/** Returns the names of the cases that a server breaks. */
async function brokenBy(
  authenticate: Authenticate | undefined,
  server = serverOf([tool.scope]),
): Promise<readonly string[]> {
  const send = createFetchHandler(server, authenticate && { authenticate });
  const open = (): ProtectedServer => ({ issuer, tool, send });
  const outcomes = resourceServerContract(open).map(async ({ name, run }) => {
    const isKept = await run().then(
      () => true,
      () => false,
    );
    return isKept ? [] : [name];
  });
  return (await Promise.all(outcomes)).flat();
}

/** A verification that believes every token. */
const believing = (change: (claims: TokenClaims) => TokenClaims) => (token: string) => {
  try {
    return change(decodeJwt(token) as TokenClaims);
  } catch {
    return undefined;
  }
};

describe("the contract of a protected server", () => {
  it("is kept by a protected one", async () => {
    expect(await brokenBy(protect(issuer.options))).toEqual([]);
  });

  it("is broken by an open server in every refusal", async () => {
    const broken = await brokenBy(undefined, serverOf());
    const all = resourceServerContract(() => ({ issuer, tool, send: fetch })).map(
      ({ name }) => name,
    );
    const kept = all.filter((name) => !broken.includes(name));
    expect(kept.filter((name) => name.startsWith("refuses a "))).toEqual([]);
    expect(broken).toContain(
      "challenges a request without a token, without an error, and with the metadata",
    );
  });

  it("names each rule that a verification without signatures breaks", async () => {
    const verify = believing((claims) => claims);
    const broken = await brokenBy(protect({ ...issuer.options, verify }));
    expect(broken).toEqual([
      "refuses a token that never expires",
      "refuses a token without an issuer",
      "refuses a token without a signature (alg: none)",
      "refuses a token signed with the public key as a secret (HS256)",
      "refuses a token signed with an unknown key",
      "refuses a token whose claims were changed after it was signed",
      "refuses a token with another type",
      "refuses a token without a type",
      "refuses a token that is an ID token for the resource as its client",
      "refuses a token that is an identity assertion with the resource as its audience",
    ]);
  });

  it("names the rules that a verification without an audience breaks", async () => {
    const verify = believing((claims) => ({ ...claims, aud: resource }));
    const broken = await brokenBy(protect({ ...issuer.options, verify }));
    expect(broken).toEqual(
      expect.arrayContaining([
        "refuses a token with a foreign audience",
        "refuses a token with an array of foreign audiences",
        "refuses a token with an audience that only begins like the resource",
        "refuses a token without an audience",
        "refuses a token with an empty audience",
      ]),
    );
  });

  it("names the rules that a server without scopes breaks", async () => {
    expect(await brokenBy(protect(issuer.options), serverOf())).toEqual([
      "refuses a call without its scope, and names the scope",
      "does not take a part of a scope for the scope",
    ]);
  });

  it("names the rule that a server without a replay guard breaks", async () => {
    const replayGuard = { claim: () => true, isShared: true };
    expect(await brokenBy(protect({ ...issuer.options, dpop: { replayGuard } }))).toEqual([
      "refuses a proof that is used again",
    ]);
  });

  it("leaves out DPoP by option", () => {
    const open = () => ({ issuer, tool, send: fetch });
    const names = resourceServerContract(open, { dpop: false }).map(({ name }) => name);
    expect(names.filter((name) => name.includes("proof"))).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });
});
