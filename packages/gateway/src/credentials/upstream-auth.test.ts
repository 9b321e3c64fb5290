import { protect } from "lutra/auth";
import { createTestIssuer, type TestIssuer } from "lutra/testing";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import {
  type ProtectedUpstream,
  startProtectedUpstream,
  startTokenServer,
  type TokenServer,
} from "./fixtures/token-servers.ts";

let issuer: TestIssuer;
let tokens: TokenServer;
let upstream: ProtectedUpstream;

beforeAll(async () => {
  issuer = await createTestIssuer({ resource: "https://gateway.example.com/mcp" });
});

beforeEach(async () => {
  tokens = await startTokenServer();
  upstream = await startProtectedUpstream();
  return () => {
    tokens.close();
    upstream.close();
  };
});

type UpstreamInput = ConfigInput["upstreams"][string];

/** The ways of a request, with the settings that choose them. */
const ways = [
  ["passed through", { verify: "upstream" }, undefined],
  ["parsed", {}, undefined],
  ["merged", {}, [{ merge: "all" }]],
] as const satisfies readonly (readonly [string, Partial<UpstreamInput>, ConfigInput["routes"]])[];

interface Front {
  readonly gateway: Gateway;
  readonly notices: string[];
}

async function start(
  auth: Partial<NonNullable<UpstreamInput["auth"]>>,
  settings: Partial<UpstreamInput> = {},
  routes?: ConfigInput["routes"],
): Promise<Front> {
  const notices: string[] = [];
  const own = {
    grant: "client-credentials" as const,
    ...{ issuer: tokens.issuer, clientId: "gateway", clientSecret: "a secret" },
  };
  const config: ConfigInput = {
    ...{ listen: { port: 0 }, admin: false, log: false },
    upstreams: { one: { url: upstream.url, auth: { ...own, ...auth }, ...settings } },
    ...(routes && { routes }),
  };
  const notice = (line: string) => void notices.push(line);
  const gateway = await startGateway(config, { notice, authenticate: protect(issuer.options) });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return { gateway, notices };
}

async function call({ gateway }: Front, token: string) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "echo", arguments: {}, _meta };
  const response = await fetch(gateway.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  const challenge = response.headers.get("www-authenticate");
  return { status: response.status, challenge, body: await response.json() };
}

const exchange = { grant: "token-exchange" } as const;

describe.each(ways)("a call that is %s", (_way, settings, routes) => {
  it("has a token of the gateway, which is obtained once", async () => {
    const front = await start({ scopes: ["books"] }, settings, routes);
    const token = await issuer.token();
    for (const _ of [1, 2, 3]) expect((await call(front, token)).status).toBe(200);
    expect(upstream.calls).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-1"]);
    expect(tokens.requests).toHaveLength(1);
    const [{ form, headers } = expect.fail()] = tokens.requests;
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: "client_credentials",
      resource: upstream.url,
      scope: "books",
    });
    expect(headers.authorization).toBe(`Basic ${btoa("gateway:a+secret")}`);
  });

  it("has a token in exchange for that of its caller", async () => {
    const front = await start(exchange, settings, routes);
    const [ana, bo] = [await issuer.token({ sub: "ana" }), await issuer.token({ sub: "bo" })];
    for (const token of [ana, bo, ana, bo]) await call(front, token);
    expect(upstream.calls).toEqual(["token-1", "token-2", "token-1", "token-2"].map(bearer));
    expect(tokens.requests.map(({ form }) => form.get("subject_token"))).toEqual([ana, bo]);
    expect(Object.fromEntries(tokens.requests[0]?.form ?? [])).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      resource: upstream.url,
    });
  });

  it("is sent once more with another token when the upstream refuses it", async () => {
    const front = await start(exchange, settings, routes);
    const token = await issuer.token();
    await call(front, token);
    upstream.status = (authorization) => (authorization === "Bearer token-1" ? 401 : 200);
    const { status, body } = await call(front, token);
    expect([status, body.result.content]).toEqual([
      200,
      [{ type: "text", text: "Bearer token-2" }],
    ]);
    expect(tokens.requests).toHaveLength(2);
  });

  it("fails without a challenge when the upstream refuses the other token, too", async () => {
    const front = await start(exchange, settings, routes);
    const token = await issuer.token();
    await call(front, token);
    upstream.status = () => 401;
    const { status, challenge, body } = await call(front, token);
    expect([status, challenge]).toEqual([502, null]);
    expect(body.error.message).toBe("The upstream refuses the token of the gateway");
    expect(tokens.requests).toHaveLength(2);
  });

  it("is refused without a challenge when the token lacks a scope", async () => {
    const front = await start(exchange, settings, routes);
    const token = await issuer.token();
    await call(front, token);
    upstream.status = () => 403;
    const { status, challenge, body } = await call(front, token);
    expect([status, challenge]).toEqual([403, null]);
    expect(body.error).toMatchObject({
      message: expect.stringContaining("The upstream requires the scope more"),
      data: { upstream: "one", scopes: ["more"] },
    });
    expect(tokens.requests).toHaveLength(1);
  });

  it("is sent once more with a further scope that the upstream requires", async () => {
    const front = await start({ ...exchange, ...further }, settings, routes);
    const token = await issuer.token();
    await call(front, token);
    upstream.status = (authorization) => (authorization === "Bearer token-1" ? 403 : 200);
    for (const _ of [1, 2]) expect((await call(front, token)).status).toBe(200);
    expect(upstream.calls).toEqual(["token-1", "token-1", "token-2", "token-2"].map(bearer));
    expect(tokens.requests.map(({ form }) => form.get("scope"))).toEqual(["books", "books more"]);
  });

  it("is refused when a token with the further scope does not suffice either", async () => {
    const front = await start({ ...exchange, ...further }, settings, routes);
    const token = await issuer.token();
    upstream.status = () => 403;
    for (const _ of [1, 2]) expect((await call(front, token)).status).toBe(403);
    expect(tokens.requests).toHaveLength(2);
  });
});

const further = { scopes: ["books"], stepUpScopes: ["more"] };

it("asks once for the further scope of concurrent calls", async () => {
  const front = await start(further);
  const token = await issuer.token();
  upstream.status = (authorization) => (authorization === "Bearer token-1" ? 403 : 200);
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => call(front, token)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(tokens.requests).toHaveLength(2);
});

it("serves other calls while the authorization server refuses the further scope", async () => {
  const front = await start(further);
  const token = await issuer.token();
  const { answer } = tokens;
  tokens.answer = (form, count) =>
    form.get("scope")?.includes("more")
      ? { status: 400, body: { error: "invalid_scope" } }
      : answer(form, count);
  upstream.status = () => 403;
  const { status, body } = await call(front, token);
  expect([status, body.error.data]).toEqual([403, { upstream: "one", scopes: ["more"] }]);
  upstream.status = () => 200;
  expect((await call(front, token)).status).toBe(200);
  expect(upstream.calls.at(-1)).toBe("Bearer token-1");
  expect(front.notices.filter((line) => line.includes("no token"))).toEqual([]);
});

const bearer = (token: string) => `Bearer ${token}`;

it("asks once for all calls that wait for a token", async () => {
  const front = await start({});
  const token = await issuer.token();
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => call(front, token)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(tokens.requests).toHaveLength(1);
});

it("exchanges each token of a caller, since their permissions may differ", async () => {
  const front = await start(exchange);
  for (const scope of ["read", "write"]) await call(front, await issuer.token({ scope }));
  expect(upstream.calls).toEqual(["Bearer token-1", "Bearer token-2"]);
});

it("refuses a caller whose token is not exchanged, and does not warn the operator", async () => {
  const front = await start(exchange);
  tokens.answer = () => ({ status: 400, body: { error: "invalid_grant" } });
  const { status, body } = await call(front, await issuer.token());
  expect(status).toBe(403);
  expect(body.error).toMatchObject({ data: { upstream: "one" } });
  expect(front.notices.filter((line) => line.includes("no token"))).toEqual([]);
});

it("tells the operator once that no token can be obtained, and when one can be again", async () => {
  const front = await start(exchange);
  const answer = tokens.answer;
  tokens.answer = () => ({ status: 401, body: { error: "invalid_client" } });
  for (const sub of ["ana", "bo"]) {
    const { status, body } = await call(front, await issuer.token({ sub }));
    expect([status, body.error.message]).toEqual([
      502,
      "The gateway gets no token for the upstream; its log says why",
    ]);
    expect(JSON.stringify(body)).not.toContain("invalid_client");
  }
  tokens.answer = answer;
  expect((await call(front, await issuer.token({ sub: "cy" }))).status).toBe(200);
  expect(front.notices.filter((line) => line.includes("token"))).toEqual([
    expect.stringMatching(/^upstream "one": no token can be obtained: .*invalid_client/),
    'upstream "one": tokens can be obtained again',
  ]);
});

it("answers 503 while the authorization server is unavailable", async () => {
  const front = await start({});
  tokens.close();
  const { status, body } = await call(front, await issuer.token());
  expect([status, body.error.message]).toEqual([
    503,
    "The authorization server of the upstream is unavailable",
  ]);
});

it("needs verified callers to exchange their tokens", async () => {
  const auth = {
    ...{ grant: "token-exchange" as const, issuer: tokens.issuer },
    ...{ clientId: "gateway", clientSecret: "a" },
  };
  const upstreams = { one: { url: upstream.url, auth } };
  const config = { listen: { port: 0 }, admin: false, log: false, upstreams } as const;
  await expect(startGateway(config, { notice: () => {} })).rejects.toThrow(
    "upstreams.one.auth.grant: token-exchange requires verified callers; add auth",
  );
});
