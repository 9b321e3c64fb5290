import { browserSignIn, oauth } from "lutra/auth/client";
import { type Client, type ClientOptions, createClient } from "lutra/client";
import { afterEach, describe, expect, it } from "vitest";
import { startAuthorizationServer } from "./authorization-server.ts";
import { startOfficialServer } from "./fixtures/official-server.ts";
import { startProtectedServer } from "./protected-server.ts";
import { signInAs } from "./scripted-user.ts";

const opened: { readonly close: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** Starts a server with its authorization server, and connects a client to it. */
async function start(
  startServer: typeof startOfficialServer | typeof startProtectedServer,
  options: ClientOptions = {},
) {
  const server = await startServer();
  let time = Date.now();
  const as = await startAuthorizationServer({
    resource: () => server.url,
    scopes: ["books:read", "books:write"],
    accessTokenSeconds: 60,
  });
  await server.trust(as.issuer);
  const open = async (url: string) => void (await signInAs("ann", url));
  const auth = oauth({ grant: browserSignIn({ open }), now: () => time });
  const client: Client = createClient(server.url, { auth, ...options });
  opened.push(client, server, as);
  const counts = () =>
    ["/auth", "/token"].map((path) => as.seen.filter((r) => r.path === path).length);
  const wait = (ms: number) => {
    time += ms;
  };
  return { client, counts, wait };
}

describe("a protected server of an earlier revision", () => {
  it("is used after a sign-in, and after a refresh, by its session", async () => {
    const { client, counts, wait } = await start(startProtectedServer, { era: "2025-11-25" });
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(client.serverEra).toBe("legacy");
    wait(55_000);
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(counts()).toEqual([1, 2]);
  });

  it("may ask for further scopes", async () => {
    const { client, counts } = await start(startProtectedServer, { era: "2025-11-25" });
    await client.callTool("whoami");
    expect((await client.callTool("write")).isError).not.toBe(true);
    expect(counts()).toEqual([2, 2]);
  });

  it("is recognised after the sign-in when the official SDK protects it", async () => {
    const { client, counts, wait } = await start(startOfficialServer);
    const { content } = await client.callTool("hello");
    expect(content).toEqual([{ type: "text", text: "hello" }]);
    expect(client.serverEra).toBe("legacy");
    wait(55_000);
    await client.callTool("hello");
    expect(counts()).toEqual([1, 2]);
  });
});
