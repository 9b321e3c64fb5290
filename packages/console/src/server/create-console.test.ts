/** The access rules of the console, its files and its API. */
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "./api-error.ts";
import type { ApiRoute } from "./api-route.ts";
import { serveConsole } from "./fixtures/served-console.ts";

const about = "/console/api/about";

describe("the link", () => {
  it("has the token in its fragment, which browsers do not send", async () => {
    const { console, origin } = await serveConsole();
    const link = new URL(console.linkAt(origin));
    expect(link.pathname + link.search).toBe("/console/");
    expect(link.hash).toMatch(/^#token=[\w-]{43}$/);
  });

  it("is exchanged for a cookie that scripts and other sites can't use", async () => {
    const { send, console, origin } = await serveConsole();
    const token = console.linkAt(origin).split("token=")[1];
    const { status, headers } = await send("/console/api/session", {
      headers: { "lutra-console": "1", "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    expect(status).toBe(200);
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(
      /^lutra_console_\w+=[\w-]{43}; Path=\/console\/; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(token);
  });

  it.each([["another token"], [""], [undefined], [12], [{}]])(
    "is refused with the token %j",
    async (token) => {
      const { send } = await serveConsole();
      const { status, headers, json } = await send("/console/api/session", {
        headers: { "lutra-console": "1", "content-type": "application/json" },
        body: JSON.stringify({ token }),
      });
      expect(status).toBe(401);
      expect(headers["set-cookie"]).toBeUndefined();
      expect(json).toEqual({ error: { message: "token: not the one of this process" } });
    },
  );
});

describe("a request of the API", () => {
  it("is served to the page", async () => {
    const { send, signIn } = await serveConsole();
    const { status, json, headers } = await send(about, { headers: await signIn() });
    expect(status).toBe(200);
    expect(json).toEqual({ title: "test", views: ["explore"] });
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it.each([
    ["without a cookie", { cookie: "" }, 401],
    ["with the cookie of another process", { cookie: "lutra_console_00000000=abc" }, 401],
    ["without the header of the page", { "lutra-console": undefined }, 403],
    ["from another origin", { origin: "https://evil.example" }, 403],
    ["from another port of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["from a page without an origin", { origin: "null" }, 403],
    ["that another site has caused", { "sec-fetch-site": "cross-site" }, 403],
    ["that another port has caused", { "sec-fetch-site": "same-site" }, 403],
    ["under a name that resolves to this machine", { host: "evil.example" }, 403],
  ])("is refused %s", async (_what, change, expected) => {
    const { send, signIn } = await serveConsole();
    const sent = Object.entries({ ...(await signIn()), ...change }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const { status, json } = await send(about, { headers: Object.fromEntries(sent) });
    expect(status).toBe(expected);
    expect(json).toEqual({ error: { message: expect.any(String) } });
  });

  it("accepts the hosts that an option allows", async () => {
    const { send, signIn } = await serveConsole({ isAllowedHost: () => true });
    const { origin: _, ...headers } = await signIn();
    const { status } = await send(about, { headers: { ...headers, host: "console.internal" } });
    expect(status).toBe(200);
  });
});

describe("a route", () => {
  const routes: readonly ApiRoute[] = [
    { method: "POST", path: "echo", serve: ({ body }) => body },
    { method: "GET", path: "query", serve: ({ query }) => Object.fromEntries(query) },
    { method: "GET", path: "nothing", serve: () => undefined },
    {
      method: "GET",
      path: "refuses",
      serve: () => {
        throw new ApiError(422, "name: expected a string");
      },
    },
    {
      method: "GET",
      path: "fails",
      serve: () => {
        throw new Error("password=hunter2");
      },
    },
  ];

  it.each([
    ["echo", '{"a":[1,"ä"]}', 200, { a: [1, "ä"] }],
    ["echo", "[1]", 400, { error: { message: "body: expected a JSON object" } }],
    ["echo", "{", 400, { error: { message: "body: expected a JSON object" } }],
    ["query?a=1&b=%20", undefined, 200, { a: "1", b: " " }],
    ["nothing", undefined, 200, {}],
    ["refuses", undefined, 422, { error: { message: "name: expected a string" } }],
    ["unknown", undefined, 404, { error: { message: "unknown path api/unknown" } }],
    ["echo", undefined, 405, { error: { message: "expected POST" } }],
    ["query", "{}", 405, { error: { message: "expected GET" } }],
  ])("%s answers to %j", async (path, body, status, json) => {
    const { send, signIn } = await serveConsole({ routes });
    const headers = await signIn();
    const answer = await send(`/console/api/${path}`, {
      headers,
      ...(body !== undefined && { body }),
    });
    expect(answer).toMatchObject({ status, json });
  });

  it("masks unknown errors, and passes them to onError", async () => {
    const onError = vi.fn();
    const { send, signIn } = await serveConsole({ routes, onError });
    const { status, json } = await send("/console/api/fails", { headers: await signIn() });
    expect(status).toBe(500);
    expect(json).toEqual({ error: { message: "Internal error" } });
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: "password=hunter2" }));
  });

  it("gets no body above the limit, and none of another type", async () => {
    const { send, signIn } = await serveConsole({ routes });
    const headers = await signIn();
    const body = JSON.stringify({ text: "a".repeat(4 * 1024 * 1024) });
    expect(await send("/console/api/echo", { headers, body })).toMatchObject({ status: 413 });
    const form = { ...headers, "content-type": "text/plain" };
    expect(await send("/console/api/echo", { headers: form, body: "{}" })).toMatchObject({
      status: 415,
    });
  });
});

describe("a stream", () => {
  it("sends events until the page disconnects", async () => {
    let left: () => void = () => {};
    const isLeft = new Promise<void>((resolve) => {
      left = resolve;
    });
    const route: ApiRoute = {
      path: "events",
      stream: (send, { signal }) => {
        send("hello", { text: "a\n\nb" });
        signal.addEventListener("abort", left);
      },
    };
    const { origin, signIn } = await serveConsole({ routes: [route] });
    const { origin: _, "content-type": __, ...headers } = await signIn();
    const response = await fetch(`${origin}/console/api/events`, { headers });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    const text = new TextDecoder().decode(value);
    expect(text).toBe('event: hello\ndata: {"text":"a\\n\\nb"}\n\n');
    await reader.cancel();
    await isLeft;
  });
});

describe("the page", () => {
  it("may load nothing from elsewhere, and is in no frame", async () => {
    const { send } = await serveConsole();
    const { status, headers, text } = await send("/console/");
    expect(status).toBe(200);
    expect(text).toContain("<title>page</title>");
    const policy = String(headers["content-security-policy"]).split("; ");
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]),
    );
    expect(String(policy)).not.toMatch(/unsafe|\*|https?:/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });

  it.each([
    ["/console", 308],
    ["/console/chunks/a.js", 200],
    ["/console/notes.txt", 404],
    ["/console/../create-console.ts", 404],
    ["/console/%2e%2e/create-console.ts", 404],
    ["/console/chunks/../../create-console.ts", 404],
    ["/other", 418],
  ])("answers %s with %i", async (path, status) => {
    const { send } = await serveConsole();
    expect(await send(path)).toMatchObject({ status });
  });

  it("is not sent under a foreign name, and not for POST", async () => {
    const { send } = await serveConsole();
    expect(await send("/console/", { headers: { host: "evil.example" } })).toMatchObject({
      status: 403,
    });
    expect(await send("/console/", { body: "{}" })).toMatchObject({ status: 405 });
  });

  it("is not sent again while it is unchanged", async () => {
    const { send } = await serveConsole();
    const { headers } = await send("/console/");
    const again = await send("/console/", { headers: { "if-none-match": headers.etag ?? "" } });
    expect(again).toMatchObject({ status: 304, text: "" });
  });
});
