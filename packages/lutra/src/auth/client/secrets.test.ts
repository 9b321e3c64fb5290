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
