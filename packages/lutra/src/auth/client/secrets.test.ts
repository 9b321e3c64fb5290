import { inspect } from "node:util";
import { afterEach, expect, it, vi } from "vitest";
import { clientCredentials } from "./client-credentials.ts";
import { agreeing, authorizationIn, call, issuer, server, World } from "./fixtures/oauth-world.ts";

const written: string[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  written.length = 0;
});

/** Records everything that is printed. */
function recordOutput(): void {
  for (const method of ["log", "error", "warn", "info", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => {
      written.push(values.map((value) => inspect(value, { depth: 10 })).join(" "));
    });
  }
}

/** Everything that an error shows, with its causes. */
function shownBy(error: unknown): string {
  const { message, stack } = error as Error;
  const hidden = inspect(error, { depth: 10, showHidden: true });
  return [message, stack, inspect(error, { depth: 10 }), JSON.stringify(error), hidden].join("\n");
}

/** The ways in which a world can break after the sign-in. */
const breakages: readonly (readonly [string, (world: World) => void])[] = [
  [
    "the token endpoint refuses",
    (w) => answer(w, () => Response.json({ error: "invalid_grant" }, { status: 400 })),
  ],
  ["the token endpoint fails", (w) => answer(w, () => new Response("oops", { status: 500 }))],
  ["the token endpoint answers no JSON", (w) => answer(w, () => new Response("access-1-secret"))],
  [
    "the token has another type",
    (w) => answer(w, () => Response.json({ access_token: "access-9-secret", token_type: "mac" })),
  ],
  [
    "the token response is malformed",
    (w) =>
      answer(w, () =>
        Response.json({ access_token: 1, refresh_token: "refresh-9-secret", token_type: "Bearer" }),
      ),
  ],
  [
    "the token fits into no header",
    (w) =>
      answer(w, () => Response.json({ access_token: "access-9-secret\nx", token_type: "Bearer" })),
  ],
  ["the response is another one", (w) => (w.authority.respond = (p) => p.set("state", "x"))],
  ["the issuer is another one", (w) => (w.authority.respond = (p) => p.set("iss", "x"))],
  [
    "the server refuses every token",
    (w) => (w.challenge = () => ({ status: 401, header: "Bearer" })),
  ],
];

function answer(world: World, respond: () => Response): void {
  world.authority.token = respond;
}

/** Returns everything of a token request in each form in which a server may repeat it. */
function echoOf(form: URLSearchParams): string {
  const [code = "", verifier = ""] = ["code", "code_verifier"].map((name) => form.get(name) ?? "");
  const credentials = btoa("known:client-1%2Bsecret");
  return `${credentials} got ${code}\r\n${encodeURIComponent("client-1+secret")} ${verifier} ${form}`;
}

/** The places of a response in which an authorization server may repeat what it was sent. */
const echoes: readonly (readonly [string, (echo: string) => Response])[] = [
  [
    "error_description",
    (echo) => Response.json({ error: "invalid_grant", error_description: echo }, { status: 400 }),
  ],
  ["error", (echo) => Response.json({ error: echo }, { status: 400 })],
  [
    "error_uri",
    (echo) => Response.json({ error: "invalid_grant", error_uri: echo }, { status: 400 }),
  ],
  [
    "the body of a challenge",
    (echo) =>
      Response.json(
        { error: "invalid_client", error_description: echo },
        { status: 401, headers: { "www-authenticate": "Basic" } },
      ),
  ],
  [
    "a challenge",
    (echo) => {
      const header = `Bearer error="invalid_token", error_description="${encodeURI(echo)}"`;
      return new Response(echo, { status: 401, headers: { "www-authenticate": header } });
    },
  ],
  [
    "a web page",
    (echo) =>
      new Response(`<p>${echo}</p>`, { status: 400, headers: { "content-type": "text/html" } }),
  ],
  [
    "the type of the token",
    (echo) => Response.json({ access_token: "access-9-secret", token_type: echo }),
  ],
];

it.each(echoes)(
  "no secret is shown that the token endpoint repeats in %s",
  async (_where, respond) => {
    recordOutput();
    const world = new World();
    let echo = "";
    world.authority.token = (form) => {
      echo = echoOf(form);
      return respond(echo);
    };
    const clients = [{ issuer, clientId: "known", clientSecret: "client-1+secret" }];
    world.authority.metadata.token_endpoint_auth_methods_supported = ["client_secret_basic"];
    const auth = authorizationIn(world, { grant: agreeing(world, { clients }) });
    const error = await call(auth, world).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(echo).toContain("code-1-secret");
    for (const secret of echo.split(/[\s&=]+/).filter((text) => /secret|^[\w-]{20,}/.test(text))) {
      expect(shownBy(error)).not.toContain(secret);
    }
    expect(error.message).not.toMatch(/[^\x20-\x7e…]/);
    expect(error.message.length).toBeLessThan(600);
    expect(written).toEqual([]);
  },
);

it.each(["error", "error_description", "error_uri"])(
  "no secret is shown that the authorization response repeats in %s",
  async (where) => {
    const world = new World();
    let parameters = new URLSearchParams();
    world.authority.respond = (response) => {
      const echo = `${response.get("code")} for ${response.get("state")}`;
      if (where !== "error") response.set("error", "access_denied");
      response.set(where, echo);
      parameters = response;
    };
    const error = await call(authorizationIn(world), world).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    for (const name of ["code", "state"]) {
      expect(shownBy(error)).not.toContain(parameters.get(name));
    }
  },
);

it("no secret is shown that a registration repeats", async () => {
  const world = new World();
  world.authority.register = () =>
    Response.json(
      { client_secret: "client-2-secret", error: "x", error_description: "for client-2-secret" },
      { status: 400 },
    );
  const error = await call(authorizationIn(world), world).catch((thrown) => thrown);
  expect(error).toMatchObject({ failure: "registration_refused" });
  expect(shownBy(error)).not.toContain("client-2-secret");
});

it("no token is shown that the server repeats in a challenge", async () => {
  const world = new World();
  world.challenge = (token) =>
    token === undefined
      ? { status: 401, header: "Bearer" }
      : { status: 403, header: `Bearer error="invalid_request", error_description="${token}"` };
  const response = await call(authorizationIn(world), world);
  expect(response.status).toBe(403);
  expect(response.headers.get("www-authenticate")).toContain("invalid_request");
  expect(response.headers.get("www-authenticate")).not.toContain("access-2-secret");
});

it("the texts of an authorization server are shown otherwise", async () => {
  const world = new World();
  const text = "AADSTS70008: expired. Trace ID: 2b6f0c1e-8d3a-4c7e-9f10-52c4a1d7e900";
  answer(world, () =>
    Response.json({ error: "invalid_grant", error_description: text }, { status: 400 }),
  );
  const error = await call(authorizationIn(world), world).catch((thrown) => thrown);
  expect(error.message).toContain(text);
});

it.each(breakages)("no secret is shown when %s", async (_what, breakWorld) => {
  recordOutput();
  const world = new World();
  breakWorld(world);
  const clients = [{ issuer, clientId: "known", clientSecret: "client-1-secret" }];
  world.authority.metadata.token_endpoint_auth_methods_supported = ["client_secret_post"];
  const auth = authorizationIn(world, { grant: agreeing(world, { clients }) });
  const error = await call(auth, world).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(shownBy(error)).not.toMatch(/secret\b/);
  expect(shownBy(error)).not.toContain(world.authority.authorizations[0]?.get("state"));
  expect(written.join("\n")).not.toMatch(/secret\b/);
});

it("no secret is in a URL, or reaches another origin", async () => {
  const world = new World();
  const auth = authorizationIn(world);
  await call(auth, world);
  world.authority.accessTokens.clear();
  await call(auth, world);
  const send = auth.authorize(new URL(server), world.fetch);
  await send("https://other.example/");
  for (const { url, headers } of world.seen) {
    expect(url).not.toMatch(/secret/);
    if (!url.startsWith(server)) expect([...headers].flat().join()).not.toMatch(/access|refresh/);
  }
});

it("no secret of a program is shown", async () => {
  const world = new World();
  answer(world, () => Response.json({ error: "invalid_client" }, { status: 401 }));
  const client = { issuer, clientId: "program", clientSecret: "client-1-secret" };
  const auth = authorizationIn(world, { grant: clientCredentials(client) });
  const error = await call(auth, world).catch((thrown) => thrown);
  expect(error).toMatchObject({ failure: "client_refused", code: "invalid_client" });
  expect(shownBy(error)).not.toMatch(/client-1-secret/);
});
