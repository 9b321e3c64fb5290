import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";
import { parseConfig } from "./parse-config.ts";
import type { ConfigInput } from "./schema.ts";
import { upstreamSecretsOf } from "./upstream-secrets.ts";

const url = "https://a.example/mcp";
const client = { issuer: "https://login.example", clientId: "gateway", clientSecret: "a secret" };
const own = { grant: "client-credentials", ...client };
const exchange = { ...own, grant: "token-exchange" };
const provider = { issuer: "https://idp.example", clientId: "gateway", clientSecret: "b" };
const { clientSecret: _, ...withoutSecret } = own;

/** Returns the problems of an upstream, without the names of the file and the upstream. */
function problemsOf(upstream: object, rest: object = {}): string {
  try {
    parseConfig({ upstreams: { a: { url, ...upstream } }, ...rest }, "c");
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll("c: upstreams.a.", "");
    throw error;
  }
}

it.each<[string, object]>([
  ["for the gateway itself", { auth: own }],
  ["with further scopes", { auth: { ...own, scopes: ["a"], stepUpScopes: ["b"] } }],
  ["by a key", { auth: { ...withoutSecret, keyFile: "key.pem", keyAlgorithm: "RS256" } }],
  ["in exchange", { auth: { ...exchange, audience: "books", subjectTokenType: "jwt" } }],
  [
    "by an identity provider",
    { auth: { ...own, grant: "enterprise-managed", identityProvider: provider } },
  ],
  ["of an issuer on this machine", { auth: { ...own, issuer: "http://127.0.0.1:8080/realm" } }],
  ["for several replicas", { url: [url, `${url}/2`], auth: { ...own, resource: url } }],
])("accepts tokens %s", (_what, upstream) => {
  expect(problemsOf(upstream)).toBe("");
});

it.each<[string, object, string]>([
  ["no secret", { auth: withoutSecret }, "auth: expected exactly one of clientSecret, "],
  ["two secrets", { auth: { ...own, keyFile: "k" } }, "auth: expected exactly one of clientSecret"],
  ["an algorithm without a key", { auth: { ...own, keyId: "k" } }, "auth.keyId: requires keyFile"],
  [
    "an authentication without its key",
    { auth: { ...own, authentication: "private_key_jwt" } },
    "auth.authentication: private_key_jwt requires keyFile",
  ],
  ["an unknown grant", { auth: { ...own, grant: "password" } }, "auth.grant: expected one of "],
  [
    "an issuer without TLS",
    { auth: { ...own, issuer: "http://login.example" } },
    "auth.issuer: expected an https URL, or an http URL of this machine",
  ],
  [
    "an audience without an exchange",
    { auth: { ...own, audience: "a" } },
    "auth.audience: requires the grant token-exchange; remove it",
  ],
  [
    "a step-up of users",
    { auth: { ...own, grant: "sign-in", stepUpScopes: ["a"] } },
    "auth.stepUpScopes: requires the grant client-credentials or token-exchange or",
  ],
  [
    "bound tokens of users",
    { auth: { ...own, grant: "sign-in", dpop: true } },
    "auth.dpop: requires the grant client-credentials or token-exchange or",
  ],
  [
    "no identity provider",
    { auth: { ...own, grant: "enterprise-managed" } },
    "auth: the grant enterprise-managed requires identityProvider",
  ],
  [
    "an identity provider without its grant",
    { auth: { ...own, identityProvider: provider } },
    "auth.identityProvider: requires the grant enterprise-managed; remove it",
  ],
  [
    "several replicas without a resource",
    { url: [url, `${url}/2`], auth: own },
    "auth: requires resource, because the replicas have addresses of their own",
  ],
  [
    "a header that the token replaces",
    { auth: own, headers: { set: { Authorization: "Bearer x" } } },
    "headers.set.Authorization: has no effect beside auth",
  ],
  [
    "a header in place of the token",
    { auth: own, headers: { rename: { "x-token": "authorization" } } },
    "headers.rename.x-token: has no effect beside auth",
  ],
  [
    "results of one caller for all",
    { auth: exchange, trustPublic: true },
    "trustPublic: expected no trustPublic with the grant token-exchange",
  ],
  [
    "a program",
    { url: undefined, command: ["run"], auth: own },
    "auth: requires url and has no effect beside command; remove it",
  ],
])("refuses %s", (_what, upstream, problem) => {
  expect(problemsOf(upstream)).toContain(problem);
});

describe("accounts of users", () => {
  const { clientSecret: _public, ...account } = { ...own, grant: "sign-in" };
  const signIn = { clientId: "gateway" };
  const auth = { issuer: "https://login.example", resource: "https://gateway.example/mcp", signIn };
  const keys = [{ id: "one", secret: Buffer.alloc(32, 7).toString("base64") }];

  it.each([
    ["in memory", { auth }],
    ["in a store", { auth: { ...auth, signIn: { ...signIn, store: "sqlite:./a.db" } }, keys }],
  ])("may be kept %s", (_where, rest) => {
    expect(problemsOf({ auth: account }, rest)).toBe("");
  });

  it("need a gateway that recognises its users", () => {
    expect(problemsOf({ auth: account }, { auth: { ...auth, signIn: undefined } })).toContain(
      "auth.grant: sign-in requires auth.issuer and auth.signIn",
    );
  });

  it("are not stored in plain text", () => {
    const stored = { ...auth, signIn: { ...signIn, store: "sqlite:./a.db" } };
    expect(problemsOf({ auth: account }, { auth: stored })).toContain(
      "c: auth.signIn.store: requires keys, which encrypt the tokens",
    );
  });

  it("need only one secret", () => {
    const two = { ...auth, signIn: { ...signIn, clientSecret: "a", clientSecretFile: "b" } };
    expect(problemsOf({ auth: account }, { auth: two })).toContain(
      "c: auth.signIn: expected only one of clientSecret and clientSecretFile",
    );
  });
});

describe("credentials of callers", () => {
  const auth = { tokens: [{ id: "ana", token: "a-token-of-ana-123" }], forwardCredentials: true };

  it("may reach the only server", () => {
    expect(problemsOf({}, { auth })).toBe("");
  });

  it("may not reach several servers", () => {
    expect(problemsOf({}, { auth, upstreams: { a: { url }, b: { url } } })).toContain(
      "c: auth.forwardCredentials: would pass the tokens of callers, which are issued for this gateway, through to several servers",
    );
  });

  it("may not be meant for a server that gets other tokens", () => {
    expect(problemsOf({ auth: own }, { auth })).toContain(
      "c: auth.forwardCredentials: has no effect beside upstreams.*.auth",
    );
  });
});

describe("a configuration file", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lutra-upstream-auth-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function load(auth: object, rest: Partial<ConfigInput> = {}) {
    const file = join(folder, "gateway.json");
    await writeFile(file, JSON.stringify({ upstreams: { a: { url, auth } }, ...rest }));
    return loadConfig(file);
  }

  it("names files with secrets and keys, relative to itself", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(join(folder, "key.pem"), pem);
    await writeFile(join(folder, "secret"), "a secret\n");
    const { clientSecret: _secret, ...rest } = provider;
    const identityProvider = { ...rest, clientSecretFile: "secret" };
    const auth = {
      ...{ ...withoutSecret, grant: "enterprise-managed", keyFile: "key.pem", identityProvider },
    };
    const tokens = [{ id: "ana", token: "a-token-of-ana-123" }];
    const { config, secretFiles = new Map() } = await load(auth, { auth: { tokens } });
    const loaded = config.upstreams.a?.auth;
    expect(loaded && upstreamSecretsOf(loaded, secretFiles)).toEqual({
      client: { privateKey: pem.trim() },
      identityProvider: { clientSecret: "a secret" },
    });
  });

  it.each([
    ["is missing", { clientSecretFile: "none" }, "expected a readable file (ENOENT)"],
    ["contains no key", { keyFile: "gateway.json" }, "expected a private key without a password"],
  ])("is refused if a file %s", async (_what, file, problem) => {
    const name = Object.keys(file)[0];
    await expect(load({ ...withoutSecret, ...file })).rejects.toThrow(
      `upstreams.a.auth.${name}: ${problem}`,
    );
  });

  it("says who may call if it exchanges their tokens", async () => {
    await expect(load(exchange)).rejects.toThrow(
      /gateway\.json:\d+:\d+: upstreams\.a\.auth\.grant: token-exchange requires verified callers/,
    );
  });
});
