import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { browserSignIn } from "./browser-sign-in.ts";
import { type Callback, receiveCallback } from "./callback-server.ts";
import { authorizationIn, call, issuer, World } from "./fixtures/oauth-world.ts";
import { openBrowser } from "./open-browser.ts";
import { createMemoryTokenStore } from "./token-store.ts";

const opened: { readonly close: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

async function listen(): Promise<Callback> {
  const options = { host: "127.0.0.1", path: "/callback", ports: [], isFixed: false };
  const callback = await receiveCallback(options);
  opened.push(callback);
  return callback;
}

const wait = { state: "right", timeoutMs: 10_000, signal: undefined };

describe("the server to which the browser returns", () => {
  it("resolves with the parameters, and shows none of them", async () => {
    const { redirectUri, wait: arrive } = await listen();
    const parameters = arrive(wait);
    const response = await fetch(`${redirectUri}?state=right&code=a-secret&iss=x`);
    expect((await parameters).get("code")).toBe("a-secret");
    expect(await response.text()).not.toMatch(/a-secret|right/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it.each([
    ["of another path", "/other?state=right&code=x", {}, "GET"],
    ["with another state", "/callback?state=wrong&code=x", {}, "GET"],
    ["without a state", "/callback?error=access_denied", {}, "GET"],
    ["with another method", "/callback?state=right&code=x", {}, "POST"],
  ])("ignores a request %s", async (_what, target, headers, method) => {
    const { redirectUri, wait: arrive } = await listen();
    const parameters = arrive(wait);
    const refused = await fetch(new URL(target, redirectUri), { method, headers });
    expect(refused.status).toBe(404);
    await fetch(`${redirectUri}?state=right&code=good`);
    expect((await parameters).get("code")).toBe("good");
  });

  it("ignores a page of another host name, which resolves to loopback", async () => {
    const { redirectUri, wait: arrive } = await listen();
    const parameters = arrive(wait);
    const { request } = await import("node:http");
    const url = new URL(`${redirectUri}?state=right&code=evil`);
    const status = await new Promise((resolve) => {
      request(url, { headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(404);
    await fetch(`${redirectUri}?state=right&code=good`);
    expect((await parameters).get("code")).toBe("good");
  });

  it("waits for a limited time", async () => {
    const { wait: arrive } = await listen();
    const failure = arrive({ ...wait, timeoutMs: 1 });
    await expect(failure).rejects.toMatchObject({ failure: "sign_in_timeout" });
  });
});

describe("a sign-in in the browser", () => {
  it("uses the registered port again, because some servers compare it", async () => {
    const world = new World();
    const open = async (url: string) => {
      const parameters = await world.visit(new URL(url));
      await fetch(`${new URL(url).searchParams.get("redirect_uri")}?${parameters}`);
    };
    const auth = authorizationIn(world, { grant: browserSignIn({ open }) });
    await call(auth, world);
    await auth.signOut("https://mcp.example/mcp");
    await call(auth, world);
    expect(world.authority.registrations).toHaveLength(1);
    const uris = world.authority.authorizations.map((one) => one.get("redirect_uri"));
    expect(uris[0]).toBe(uris[1]);
  });

  it("ends in time while the page is still being opened, and can be repeated", async () => {
    const world = new World();
    const never = new Promise<void>(() => {});
    const store = createMemoryTokenStore();
    const first = browserSignIn({ open: () => never, timeoutMs: 1 });
    const failure = { failure: "sign_in_timeout" };
    const late = authorizationIn(world, { grant: first, store });
    await expect(call(late, world)).rejects.toMatchObject(failure);
    // Such as a program that ends with the window of the browser.
    const open = async (url: string) => {
      const parameters = await world.visit(new URL(url));
      await fetch(`${new URL(url).searchParams.get("redirect_uri")}?${parameters}`);
      await never;
    };
    const auth = authorizationIn(world, { grant: browserSignIn({ open }), store });
    expect((await call(auth, world)).status).toBe(200);
  });

  it("names the port that it cannot use", async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    opened.push({ close: () => new Promise((resolve) => busy.close(() => resolve())) });
    const { port } = busy.address() as { readonly port: number };
    const world = new World();
    const clients = [{ issuer, clientId: "known" }];
    const auth = authorizationIn(world, { grant: browserSignIn({ port, clients }) });
    await expect(call(auth, world)).rejects.toThrow(`the port ${port}`);
  });

  it.each(["javascript:alert(1)", "http://evil.example", "file:///etc/passwd", "-flag"])(
    "never opens %s",
    (url) => {
      expect(() => openBrowser(url)).toThrow(TypeError);
    },
  );

  it.each([
    { host: "evil.example" },
    { path: "callback" },
    { path: "/a#b" },
    { path: "/a?b" },
    { timeoutMs: 0 },
  ])("refuses the options %j", (options) => {
    expect(() => browserSignIn(options as object)).toThrow(TypeError);
  });
});
