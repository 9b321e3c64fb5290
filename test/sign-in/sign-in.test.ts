import { browserSignIn, createMemoryTokenStore, type OAuthOptions, oauth } from "lutra/auth/client";
import { type Client, createClient } from "lutra/client";
import { afterEach, describe, expect, it } from "vitest";
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from "./authorization-server.ts";
import { type ProtectedServer, startProtectedServer } from "./protected-server.ts";
import { signInAs } from "./scripted-user.ts";

const opened: { readonly close: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

interface Setting {
  readonly server: ProtectedServer;
  readonly as: AuthorizationServer;
  readonly startAs: () => Promise<AuthorizationServer>;
}

async function start(options: Partial<AuthorizationServerOptions> = {}): Promise<Setting> {
  const server = await startProtectedServer({ scopes: ["books:read"] });
  const startAs = async () => {
    const as = await startAuthorizationServer({
      resource: () => server.url,
      scopes: ["books:read", "books:write"],
      ...options,
    });
    opened.push(as);
    return as;
  };
  const as = await startAs();
  server.trust(as.issuer);
  opened.push(server);
  return { server, as, startAs };
}

/** The pages that a sign-in has ended on. */
const pages: string[] = [];

function connect(server: ProtectedServer, options: OAuthOptions = {}): Client {
  const open = async (url: string) => {
    const { text } = await signInAs("ann", url);
    pages.push(text);
  };
  const auth = oauth({ grant: browserSignIn({ clientName: "test", open }), ...options });
  const client = createClient(server.url, { auth });
  opened.push(client);
  return client;
}

/** Returns the requests to an endpoint of the authorization server. */
function countOf({ seen }: AuthorizationServer, path: string): number {
  return seen.filter((request) => request.path === path && request.method !== "OPTIONS").length;
}

describe("a client without tokens", () => {
  it("signs in through the browser, and calls", async () => {
    const { server, as } = await start();
    const client = connect(server);
    const { content } = await client.callTool("whoami");
    expect(content).toEqual([{ type: "text", text: expect.stringContaining("ann") }]);
    expect(pages.at(-1)).toContain("You have signed in");
    expect(countOf(as, "/reg")).toBe(1);
    expect(countOf(as, "/token")).toBe(1);
  });

  it("signs in once for concurrent calls", async () => {
    const { server, as } = await start();
    const client = connect(server);
    await Promise.all(Array.from({ length: 10 }, () => client.callTool("whoami")));
    expect(countOf(as, "/token")).toBe(1);
  });

  it("asks for more scopes when a tool needs them, and keeps those it had", async () => {
    const { server, as } = await start();
    const client = connect(server);
    await client.callTool("whoami");
    const { content } = await client.callTool("write");
    expect(content).toEqual([{ type: "text", text: "written" }]);
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(countOf(as, "/token")).toBe(2);
  });

  it("reports a user who refuses", async () => {
    const { server } = await start();
    const open = async (url: string) => {
      const callback = new URL(url).searchParams.get("redirect_uri") ?? "";
      const state = new URL(url).searchParams.get("state") ?? "";
      const iss = new URL(url).origin;
      const parameters = new URLSearchParams({ error: "access_denied", state, iss });
      await fetch(`${callback}?${parameters}`);
    };
    const client = connect(server, { grant: browserSignIn({ open }) });
    await expect(client.callTool("whoami")).rejects.toMatchObject({
      name: "AuthorizationError",
      failure: "access_denied",
      message: expect.stringContaining("sign in again"),
    });
  });
});

describe("a client with tokens", () => {
  it("refreshes them with a token that is used once", async () => {
    let time = Date.now();
    const { server, as } = await start({ accessTokenSeconds: 60 });
    const client = connect(server, { now: () => time });
    await client.callTool("whoami");
    for (const _ of [1, 2, 3]) {
      time += 55_000;
      await client.callTool("whoami");
    }
    expect(countOf(as, "/token")).toBe(4);
    expect(countOf(as, "/auth")).toBe(1);
  });

  it("refreshes them once for clients that share a store", async () => {
    let time = Date.now();
    const store = createMemoryTokenStore();
    const { server, as } = await start({ accessTokenSeconds: 60 });
    const clients = [1, 2, 3].map(() => connect(server, { store, now: () => time }));
    for (const client of clients) await client.callTool("whoami");
    time += 55_000;
    await Promise.all(clients.map((client) => client.callTool("whoami")));
    expect(countOf(as, "/token")).toBe(2);
  });

  it("gets others when the keys of the authorization server have been replaced", async () => {
    const { server, as } = await start();
    const client = connect(server);
    await client.callTool("whoami");
    await as.rotateKeys();
    server.trust(as.issuer);
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(countOf(as, "/auth")).toBe(1);
  });

  it("signs in again after a sign-out, which revokes them", async () => {
    const { server, as } = await start();
    const open = async (url: string) => void (await signInAs("ann", url));
    const auth = oauth({ grant: browserSignIn({ open }) });
    const client = createClient(server.url, { auth });
    opened.push(client);
    await client.callTool("whoami");
    expect(await auth.signOut(server.url)).toBe(true);
    expect(countOf(as, "/token/revocation")).toBe(1);
    await client.callTool("whoami");
    expect(countOf(as, "/auth")).toBe(2);
  });

  it("follows the server to another authorization server, with other credentials", async () => {
    const { server, as, startAs } = await start();
    const client = connect(server);
    await client.callTool("whoami");
    const next = await startAs();
    server.trust(next.issuer);
    const before = as.seen.length;
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(countOf(next, "/reg")).toBe(1);
    expect(as.seen.length).toBe(before);
  });
});
