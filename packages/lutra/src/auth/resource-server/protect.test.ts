import { beforeAll, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { createTestIssuer, type TestIssuer } from "../../testing/authorization/test-issuer.ts";
import { type Authenticate, failClosed } from "../../transport/http/authenticate.ts";
import { protect } from "../node.ts";
import type { TokenClaims } from "./claims.ts";
import { introspectedTokens } from "./introspection.ts";
import { jwtTokens } from "./jwt.ts";
import type { ProtectOptions } from "./options.ts";
import { protectOn } from "./protect.ts";

const resource = "https://library.example.com/mcp";
const metadata =
  'resource_metadata="https://library.example.com/.well-known/oauth-protected-resource/mcp"';
const metadataURL = "https://issuer.example.com/.well-known/oauth-authorization-server";
const seconds = () => Math.floor(Date.now() / 1000);

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await createTestIssuer({ resource });
});

function protectedBy(options: Partial<ProtectOptions> = {}): Authenticate {
  return protect({ ...issuer.options, ...options });
}

interface Sent {
  readonly headers?: { readonly [name: string]: string };
  readonly anonymous?: boolean;
  readonly onError?: (error: unknown) => void;
}

/** Authenticates a request as an endpoint does. */
async function identify(
  authenticate: Authenticate,
  token: string | undefined,
  { headers = {}, anonymous = false, onError = () => {} }: Sent = {},
): Promise<Principal | undefined> {
  const all: { readonly [name: string]: string } = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...headers,
  };
  return failClosed(authenticate, { anonymous, onError })((name) => all[name]);
}

describe("basic/authorization/index#token-handling: the principal of a token", () => {
  it("has the issuer and the subject as its id, the scopes, the claims and the time of expiry", async () => {
    const exp = seconds() + 100;
    const token = await issuer.token({ sub: "bo", scope: "a  b", exp, tenant: "t1" });
    expect(await identify(protectedBy(), token)).toEqual({
      id: "https://issuer.example.com bo",
      scopes: ["a", "b"],
      claims: expect.objectContaining({ sub: "bo", tenant: "t1", client_id: "test" }),
      expiresAtMs: exp * 1000 + 30_000,
    });
  });

  it("is that of the client where the token has no subject", async () => {
    const token = await issuer.token({ sub: undefined, client_id: "bot" });
    const principal = await identify(protectedBy(), token);
    expect(principal?.id).toBe("https://issuer.example.com#client bot");
    const nobody = await issuer.token({ sub: undefined, client_id: undefined });
    await expect(identify(protectedBy(), nobody)).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ["scp as text", { scp: "a b" }],
    ["scp as a list", { scp: ["a", "b"] }],
    ["scope as a list", { scope: ["a", "b"] }],
  ])("has the scopes of %s", async (_what, claims) => {
    const principal = await identify(protectedBy(), await issuer.token(claims));
    expect(principal?.scopes).toEqual(["a", "b"]);
  });

  it("has the scopes that its scopes contain, also indirectly and in a circle", async () => {
    const scopeHierarchy = { admin: ["write"], write: ["read", "admin"] };
    const principal = await identify(
      protectedBy({ scopeHierarchy }),
      await issuer.token({ scope: "admin" }),
    );
    expect(principal?.scopes).toEqual(["admin", "write", "read"]);
    const reader = await identify(
      protectedBy({ scopeHierarchy }),
      await issuer.token({ scope: "read" }),
    );
    expect(reader?.scopes).toEqual(["read"]);
  });
});

describe("basic/authorization/index#error-handling: a request", () => {
  it("without a token gets a challenge with the scopes of the server and no error", async () => {
    const refused = identify(protectedBy({ scopes: ["mcp"] }), undefined);
    await expect(refused).rejects.toMatchObject({
      status: 401,
      challenge: `Bearer scope="mcp", ${metadata}`,
    });
  });

  it("without a token is served where callers may be anonymous", async () => {
    const principal = await identify(protectedBy(), undefined, { anonymous: true });
    expect(principal).toBeUndefined();
    const refused = identify(protectedBy(), "wrong", { anonymous: true });
    await expect(refused).rejects.toMatchObject({ status: 401 });
  });

  it("with a wrong token learns the reason, and not the claims that it lacks", async () => {
    const token = await issuer.token({ aud: "https://secret.example.com" });
    await expect(identify(protectedBy(), token)).rejects.toMatchObject({
      status: 401,
      challenge: `Bearer error="invalid_token", error_description="expected the audience ${resource}", ${metadata}`,
    });
  });

  it.each(["Bearer", "Bearer a b", "Bearer ,", `Bearer ${"a".repeat(16_385)}`, "DPoP"])(
    "with malformed credentials gets 400: %.20s",
    async (authorization) => {
      const headers = { authorization };
      await expect(identify(protectedBy(), undefined, { headers })).rejects.toMatchObject({
        status: 400,
        challenge: expect.stringContaining('error="invalid_request"'),
      });
    },
  );

  it("without a scope of the server gets 403 with all of them", async () => {
    const scopes = ["mcp", "books"];
    const refused = identify(protectedBy({ scopes }), await issuer.token({ scope: "mcp" }));
    await expect(refused).rejects.toMatchObject({
      status: 403,
      challenge: `Bearer error="insufficient_scope", scope="mcp books", ${metadata}`,
    });
  });

  it("cannot add members to the challenge by the type of its token", async () => {
    const token = await issuer.token({}, { typ: 'x", error="none' });
    const refused = await identify(protectedBy(), token).catch((error: ProtocolError) => error);
    expect(refused).toMatchObject({ status: 401 });
    expect((refused as ProtocolError).challenge).toContain("got x', error='none\"");
  });

  it("without a key gets the challenge of DPoP where that is required", async () => {
    const authenticate = protectedBy({ dpop: { required: true, algorithms: ["ES256"] } });
    await expect(identify(authenticate, undefined)).rejects.toMatchObject({
      challenge: `DPoP ${metadata}, algs="ES256"`,
    });
    await expect(identify(authenticate, await issuer.token())).rejects.toMatchObject({
      status: 401,
      challenge: expect.stringMatching(/^DPoP error="invalid_token"/),
    });
  });
});

describe("basic/authorization/authorization-server-discovery#authorization-server-location", () => {
  const wellKnown = "/.well-known/oauth-protected-resource";
  const documentOf = (options: Partial<ProtectOptions>, path: string) =>
    protectedBy(options).resource?.document(path);

  it.each([
    ["https://library.example.com/mcp", [wellKnown, `${wellKnown}/mcp`, `${wellKnown}/mcp/`]],
    [
      "https://library.example.com/a/mcp/",
      [wellKnown, `${wellKnown}/a/mcp`, `${wellKnown}/a/mcp/`],
    ],
    ["https://library.example.com", [wellKnown, `${wellKnown}/`]],
    ["https://library.example.com/", [wellKnown, `${wellKnown}/`]],
  ])("metadata of %s are at %j, and spell it as the options do", (url, paths) => {
    for (const path of paths) {
      const document = JSON.parse(documentOf({ resource: url }, path) ?? "{}");
      expect(document.resource).toBe(url);
      expect(document.authorization_servers).toEqual([issuer.issuer]);
    }
    for (const path of ["/", "/mcp", `${wellKnown}/other`, `${wellKnown}/mcp/x`, `${wellKnown}x`]) {
      expect(documentOf({ resource: url }, path)).toBeUndefined();
    }
  });

  it("metadata have the scopes, the name and the requirements", () => {
    const options = {
      scopes: ["a"],
      scopesSupported: ["a", "b"],
      name: "Library",
      documentation: "https://library.example.com/docs",
      dpop: { required: true, algorithms: ["ES256"] },
    };
    expect(JSON.parse(documentOf(options, wellKnown) ?? "")).toEqual({
      resource,
      authorization_servers: [issuer.issuer],
      scopes_supported: ["a", "b"],
      bearer_methods_supported: ["header"],
      resource_name: "Library",
      resource_documentation: "https://library.example.com/docs",
      dpop_signing_alg_values_supported: ["ES256"],
      dpop_bound_access_tokens_required: true,
    });
  });
});

describe("the times of a token", () => {
  it("may differ by the accepted skew", async () => {
    const authenticate = protectedBy({ clockSkewMs: 10_000 });
    const late = await issuer.token({ exp: seconds() - 5 });
    const early = await issuer.token({ nbf: seconds() + 5 });
    for (const token of [late, early]) {
      expect(await identify(authenticate, token)).toBeDefined();
    }
    const tooLate = await issuer.token({ exp: seconds() - 15 });
    await expect(identify(authenticate, tooLate)).rejects.toMatchObject({ status: 401 });
  });
});

describe("the keys of the authorization server", () => {
  /** An issuer whose requests are counted by their paths. */
  async function counted() {
    const own = await createTestIssuer({ resource });
    const paths: string[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      paths.push(new URL(new Request(input).url).pathname);
      return own.options.fetch(input, init);
    };
    return { own, paths, options: { ...own.options, fetch } };
  }

  it("are read once for many tokens", async () => {
    const { own, paths, options } = await counted();
    const authenticate = protect(options);
    const tokens = await Promise.all(Array.from({ length: 5 }, () => own.token()));
    await Promise.all(tokens.map((token) => identify(authenticate, token)));
    expect(paths).toEqual(["/.well-known/oauth-authorization-server", "/keys"]);
  });

  it("are read again for a key that is not known, but not for each wrong token", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { own, paths, options } = await counted();
      const authenticate = protect(options);
      await identify(authenticate, await own.token());
      await own.rotate();
      vi.advanceTimersByTime(31_000);
      expect(await identify(authenticate, await own.token())).toBeDefined();
      const keyReads = () => paths.filter((path) => path === "/keys").length;
      expect(keyReads()).toBe(2);
      for (let count = 0; count < 5; count += 1) {
        const forged = await own.token({}, { kid: `unknown-${count}` });
        await expect(identify(authenticate, forged)).rejects.toMatchObject({ status: 401 });
      }
      expect(keyReads()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are used for at most 10 minutes after the authorization server has removed them", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { own, options } = await counted();
      const authenticate = protect({ ...options, cacheMs: 0 });
      const stolen = await own.token({ exp: seconds() + 3600 });
      await identify(authenticate, stolen);
      await own.rotate();
      vi.advanceTimersByTime(599_000);
      expect(await identify(authenticate, stolen)).toBeDefined();
      vi.advanceTimersByTime(2000);
      await expect(identify(authenticate, stolen)).rejects.toMatchObject({ status: 401 });
    } finally {
      vi.useRealTimers();
    }
  });

  it("are those of a configured URL, without metadata", async () => {
    const { own, paths, options } = await counted();
    const verify = jwtTokens({ jwksUri: `${own.issuer}/keys` });
    expect(await identify(protect({ ...options, verify }), await own.token())).toBeDefined();
    expect(paths).toEqual(["/keys"]);
  });

  it.each([
    ["does not answer", async () => Promise.reject(new Error("ECONNREFUSED"))],
    ["answers with an error", async () => new Response("no", { status: 500 })],
    [
      "has the metadata of another issuer",
      async () => Response.json({ issuer: "https://x.example" }),
    ],
    [
      "has an issuer in another spelling",
      async () => Response.json({ issuer: `${issuer.issuer}/` }),
    ],
    ["has no keys", async () => Response.json({ issuer: issuer.issuer })],
  ])(
    "are missing when the server %s, for which the caller is not refused",
    async (_what, fetch) => {
      const errors: unknown[] = [];
      const onError = (error: unknown) => void errors.push(error);
      const refused = identify(protectedBy({ fetch }), await issuer.token(), { onError });
      const expected = { status: 503, retryAfterMs: 5000, challenge: undefined };
      await expect(refused).rejects.toMatchObject(expected);
      expect(errors).toHaveLength(1);
    },
  );

  it("are missing in one report for each outage", async () => {
    let isUp = false;
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const verify = () => {
      if (!isUp) throw new Error("no keys");
      return { aud: resource, sub: "ana" };
    };
    const authenticate = protectedBy({ verify, cacheMs: 0 });
    const identifyAny = () => identify(authenticate, "token", { onError });
    for (const _ of [1, 2, 3]) await expect(identifyAny()).rejects.toMatchObject({ status: 503 });
    expect(errors).toEqual([expect.objectContaining({ cause: new Error("no keys") })]);
    isUp = true;
    expect(await identifyAny()).toBeDefined();
    isUp = false;
    for (const _ of [1, 2]) await expect(identifyAny()).rejects.toMatchObject({ status: 503 });
    expect(errors).toHaveLength(2);
  });

  it("are not requested with every token during an outage of the keys alone", async () => {
    let time = Date.now();
    let isUp = false;
    let count = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const { jwks_uri } = await (await issuer.options.fetch(metadataURL)).json();
      if (String(input) !== jwks_uri) return issuer.options.fetch(input, init);
      count += 1;
      return isUp ? issuer.options.fetch(input, init) : new Response(null, { status: 502 });
    };
    const authenticate = protectedBy({ fetch, now: () => time });
    for (let index = 0; index < 5; index += 1) {
      const token = await issuer.token();
      await expect(identify(authenticate, token)).rejects.toMatchObject({ status: 503 });
    }
    expect(count).toBe(1);
    isUp = true;
    time += 5001;
    expect(await identify(authenticate, await issuer.token())).toBeDefined();
  });

  it("are found again after an outage", async () => {
    let time = Date.now();
    let isUp = false;
    const fetch: typeof globalThis.fetch = async (input, init) =>
      isUp ? issuer.options.fetch(input, init) : new Response(null, { status: 502 });
    const authenticate = protectedBy({ fetch, now: () => time });
    const token = await issuer.token();
    await expect(identify(authenticate, token)).rejects.toMatchObject({ status: 503 });
    isUp = true;
    await expect(identify(authenticate, token)).rejects.toMatchObject({ status: 503 });
    time += 5001;
    expect(await identify(authenticate, token)).toBeDefined();
  });
});

describe("a token that is bound to a key", () => {
  it.each(["thumbprint", ["thumbprint"], {}, { jkt: 5 }])(
    "is refused when the binding is %j, which can't be checked",
    async (cnf) => {
      const token = await issuer.token({ cnf });
      await expect(identify(protectedBy(), token)).rejects.toMatchObject({ status: 401 });
    },
  );
});

describe("tokens of other types", () => {
  it("are accepted by option, but ID tokens among them are not", async () => {
    const authenticate = protectedBy({ verify: jwtTokens({ types: ["at+jwt", "JWT"] }) });
    for (const typ of ["JWT", undefined]) {
      expect(await identify(authenticate, await issuer.token({}, { typ }))).toBeDefined();
    }
    for (const claims of [{ nonce: "n" }, { at_hash: "h" }, { c_hash: "h" }]) {
      const idToken = await issuer.token(claims, { typ: "JWT" });
      await expect(identify(authenticate, idToken)).rejects.toMatchObject({ status: 401 });
    }
  });

  it("may spell the type in full", async () => {
    const token = await issuer.token({}, { typ: "application/AT+JWT" });
    expect(await identify(protectedBy(), token)).toBeDefined();
  });

  it.each([5, null, {}, ["at+jwt"]])(
    "are refused when the type is %j instead of text",
    async (typ) => {
      const token = await issuer.token({}, { typ });
      await expect(identify(protectedBy(), token)).rejects.toMatchObject({ status: 401 });
    },
  );

  it("are not accepted when they use a critical extension", async () => {
    const token = await issuer.token({}, { b64: false, crit: ["b64"] }).catch(() => "x.y.z");
    await expect(identify(protectedBy(), token)).rejects.toMatchObject({ status: 401 });
  });
});

describe("a function that verifies tokens", () => {
  it("returns claims, which are checked like all others", async () => {
    const claims = { aud: resource, sub: "ana", scope: "a" };
    const verify = (token: string) => (token === "known" ? claims : undefined);
    const authenticate = protectedBy({ verify });
    expect(await identify(authenticate, "known")).toMatchObject({ scopes: ["a"] });
    await expect(identify(authenticate, "other")).rejects.toMatchObject({ status: 401 });
    for (const wrong of [
      { ...claims, aud: undefined },
      { ...claims, iss: "https://other.example.com" },
      { ...claims, exp: seconds() - 100 },
      { ...claims, exp: "tomorrow" },
      { ...claims, nbf: seconds() + 100 },
      { ...claims, cnf: { "x5t#S256": "thumbprint" } },
    ]) {
      const refused = identify(protectedBy({ verify: () => wrong as TokenClaims }), "token");
      await expect(refused).rejects.toMatchObject({ status: 401 });
    }
  });

  it("may refuse a caller itself", async () => {
    const verify = () => {
      throw new ProtocolError("invalidRequest", "Suspended", { status: 403 });
    };
    await expect(identify(protectedBy({ verify }), "x")).rejects.toMatchObject({ status: 403 });
  });
});

describe("introspection (RFC 7662)", () => {
  const options = { clientId: "a:b", clientSecret: "s ä" };

  function introspecting(answer: () => Response | Promise<Response>) {
    const requests: Request[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const request = new Request(input, init);
      if (request.method === "POST") {
        requests.push(request);
        return answer();
      }
      const introspection_endpoint = `${issuer.issuer}/introspect`;
      return Response.json({ issuer: issuer.issuer, introspection_endpoint });
    };
    return { requests, authenticate: protectedBy({ fetch, verify: introspectedTokens(options) }) };
  }

  it("sends the token with the credentials of the server, and not with its own", async () => {
    const { requests, authenticate } = introspecting(() =>
      Response.json({ active: true, aud: resource, sub: "ana", scope: "a b" }),
    );
    expect(await identify(authenticate, "opaque")).toMatchObject({
      id: "https://issuer.example.com ana",
      scopes: ["a", "b"],
    });
    const [request] = requests;
    expect(request?.url).toBe(`${issuer.issuer}/introspect`);
    expect(request?.headers.get("authorization")).toBe(`Basic ${btoa("a%3Ab:s+%C3%A4")}`);
    expect(await request?.text()).toBe("token=opaque&token_type_hint=access_token");
  });

  it.each([
    ["is not active", { active: false }],
    ["has no audience", { active: true, sub: "ana" }],
    ["has a foreign audience", { active: true, sub: "ana", aud: "https://other.example.com" }],
    ["is of another issuer", { active: true, sub: "ana", aud: resource, iss: "https://x.example" }],
    ["has expired", { active: true, sub: "ana", aud: resource, exp: 1 }],
  ])("refuses a token that %s", async (_what, answer) => {
    const { authenticate } = introspecting(() => Response.json(answer));
    await expect(identify(authenticate, "opaque")).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ["an error", () => new Response("no", { status: 401 })],
    ["no JSON", () => new Response("active")],
    ["no verdict", () => Response.json({ sub: "ana", aud: resource })],
    ["a text as its verdict", () => Response.json({ active: "true", sub: "a", aud: resource })],
  ])("accepts no token when the answer is %s", async (_what, answer) => {
    const { authenticate } = introspecting(answer);
    await expect(identify(authenticate, "opaque")).rejects.toMatchObject({ status: 503 });
  });
});

describe("verified tokens", () => {
  function counting(options: Partial<ProtectOptions> = {}) {
    const seen: string[] = [];
    let time = 1_000_000;
    const authenticate = protectedBy({
      verify: async (token) => {
        seen.push(token);
        return token === "wrong" ? undefined : { aud: resource, sub: token, exp: 1060 };
      },
      now: () => time,
      clockSkewMs: 0,
      ...options,
    });
    const pass = (ms: number) => {
      time += ms;
    };
    return { seen, authenticate, pass };
  }

  it("are accepted again for cacheMs, and never longer than they are valid", async () => {
    const { seen, authenticate, pass } = counting({ cacheMs: 40_000 });
    const first = await identify(authenticate, "a");
    pass(39_999);
    expect(await identify(authenticate, "a")).toBe(first);
    expect(seen).toEqual(["a"]);
    pass(1);
    await identify(authenticate, "a");
    pass(19_999);
    await identify(authenticate, "a");
    expect(seen).toEqual(["a", "a"]);
    pass(1);
    await expect(identify(authenticate, "a")).rejects.toMatchObject({ status: 401 });
  });

  it("are verified once for requests at the same time", async () => {
    const { seen, authenticate } = counting();
    await Promise.all([1, 2, 3].map(() => identify(authenticate, "a")));
    expect(seen).toEqual(["a"]);
  });

  it("are limited in number, and 0 remembers none", async () => {
    const few = counting({ maxCachedTokens: 2 });
    for (const token of ["a", "b", "c", "a"]) await identify(few.authenticate, token);
    expect(few.seen).toEqual(["a", "b", "c", "a"]);
    const none = counting({ maxCachedTokens: 0 });
    for (const token of ["a", "a"]) await identify(none.authenticate, token);
    expect(none.seen).toEqual(["a", "a"]);
  });

  it("are limited in memory", async () => {
    const large = "x".repeat(1_000_000);
    const seen: string[] = [];
    const verify = (token: string) => {
      seen.push(token);
      return { aud: resource, sub: token, large };
    };
    const authenticate = protectedBy({ verify });
    for (let count = 0; count < 50; count += 1) await identify(authenticate, `t${count}`);
    await identify(authenticate, "t49");
    await identify(authenticate, "t0");
    expect(seen).toHaveLength(51);
  });

  it("do not include tokens that were refused", async () => {
    const { seen, authenticate } = counting();
    for (const token of ["wrong", "wrong"]) {
      await expect(identify(authenticate, token)).rejects.toMatchObject({ status: 401 });
    }
    expect(seen).toHaveLength(2);
  });

  it("are remembered by their hashes only", async () => {
    const hashed: string[] = [];
    const hash = (text: string) => `hash ${hashed.push(text)}`;
    const authenticate = protectOn({ guardedFetch: () => fetch, hash })({
      issuer: "https://issuer.example.com",
      resource,
      verify: () => ({ aud: resource, sub: "ana" }),
    });
    await identify(authenticate, "secret-token");
    expect(hashed).toEqual(["secret-token"]);
    // Everything that could be reached from the function would be serialised here.
    expect(JSON.stringify(await identify(authenticate, "secret-token"))).not.toContain("secret");
  });
});

describe("the options of protect", () => {
  it.each<[object, string]>([
    [{ issuer: "login.example.com" }, "protect: issuer: expected an https URL"],
    [{ issuer: "https://login.example.com?a=1" }, "protect: issuer"],
    [{ issuer: "http://login.example.com" }, "https URL, or an http URL of this machine, without"],
    [{ resource: "https://library.example.com/mcp#x" }, "protect: resource"],
    [{ resource: undefined }, "protect: resource"],
    [{ audience: "" }, "protect: audience"],
    [{ scopes: ["a b"] }, "protect: scopes: expected names"],
    [{ scopes: ["offline_access"] }, "no offline_access"],
    [{ scopesSupported: ["offline_access"] }, "no offline_access"],
    [{ scopeHierarchy: { a: ["b c"] } }, "protect: scopeHierarchy: scopes"],
    [{ clockSkewMs: -1 }, "protect: clockSkewMs"],
    [{ verify: "jwt" }, "protect: verify: expected a function"],
    [{ dpop: { nonceKey: "short" } }, "protect: dpop.nonceKey: expected 32 bytes"],
    [{ dpop: { algorithms: ["HS256"] } }, "protect: dpop: algorithms"],
    [{ dpop: { noncePeriodMs: 0 } }, "protect: dpop.noncePeriodMs"],
    [{ audiences: [] }, 'audiences: unknown option; did you mean "audience"?'],
  ])("are checked: %j", (options, message) => {
    expect(() => protect({ ...issuer.options, ...options })).toThrow(message);
  });

  it.each([["HS256"], ["none"], ["RS256", "none"], []])(
    "accept no symmetric algorithm and no list without any: %s",
    (...algorithms) => {
      expect(() => jwtTokens({ algorithms })).toThrow("jwtTokens: algorithms: expected some of");
    },
  );

  it("of introspection need credentials", () => {
    const options = { clientId: "a", clientSecret: "" };
    expect(() => introspectedTokens(options)).toThrow("introspectedTokens: clientSecret");
  });
});
