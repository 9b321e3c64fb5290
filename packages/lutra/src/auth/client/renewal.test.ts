import { describe, expect, it } from "vitest";
import { authorizationIn, call, issuer, server, World } from "./fixtures/oauth-world.ts";
import { createMemoryTokenStore } from "./token-store.ts";

describe("the tokens", () => {
  it("are refreshed before they expire, with the resource and a new refresh token", async () => {
    const world = new World();
    let time = 1_000_000;
    const auth = authorizationIn(world, { now: () => time });
    await call(auth, world);
    time += 3_600_000;
    await Promise.all([call(auth, world), call(auth, world), call(auth, world)]);
    const refreshes = world.authority.tokenRequests.slice(1);
    expect(refreshes).toHaveLength(1);
    expect(refreshes[0]?.get("resource")).toBe(server);
    time += 3_600_000;
    await call(auth, world);
    const used = world.authority.tokenRequests.slice(1).map((form) => form.get("refresh_token"));
    expect(new Set(used).size).toBe(2);
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("are used while they are new, even if they expire within seconds", async () => {
    const world = new World();
    let time = Date.now();
    const auth = authorizationIn(world, { now: () => time });
    const issue = () => {
      const access_token = `short-lived-${world.authority.tokenRequests.length}`;
      world.authority.accessTokens.set(access_token, "");
      return Response.json({
        ...{ access_token, token_type: "Bearer", expires_in: 5 },
        refresh_token: "r",
      });
    };
    world.authority.token = issue;
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.tokenRequests).toHaveLength(1);
    time += 6000;
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.tokenRequests).toHaveLength(2);
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("are used for a year if they say that they are valid for longer", async () => {
    const world = new World();
    let time = Date.now();
    const auth = authorizationIn(world, { now: () => time });
    world.authority.token = () => {
      const access_token = `long-lived-${world.authority.tokenRequests.length}`;
      world.authority.accessTokens.set(access_token, "");
      const issued = { access_token, token_type: "Bearer", refresh_token: "r" };
      return Response.json({ ...issued, expires_in: 1e306 });
    };
    await call(auth, world);
    time += 300 * 86_400_000;
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.tokenRequests).toHaveLength(1);
    time += 66 * 86_400_000;
    await call(auth, world);
    expect(world.authority.tokenRequests).toHaveLength(2);
  });

  it("are refreshed when the server refuses them", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await call(auth, world);
    world.authority.accessTokens.clear();
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.tokenRequests).toHaveLength(2);
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("are refreshed once by processes that share a store", async () => {
    const world = new World();
    const store = createMemoryTokenStore();
    let time = 1_000_000;
    const open = () => authorizationIn(world, { store, now: () => time });
    await call(open(), world);
    time += 3_600_000;
    await Promise.all([1, 2, 3, 4].map(() => call(open(), world)));
    expect(world.authority.tokenRequests).toHaveLength(2);
  });

  it("are replaced by a sign-in when the refresh token is no longer valid", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await call(auth, world);
    world.authority.accessTokens.clear();
    world.authority.refreshTokens.clear();
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.authorizations).toHaveLength(2);
  });

  it("are not awaited by a request that has been aborted", async () => {
    const world = new World();
    let hasAsked: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      hasAsked = resolve;
    });
    const hanging = () => {
      hasAsked();
      return new Promise<Response>(() => {});
    };
    const send = authorizationIn(world, { fetch: hanging }).authorize(new URL(server), world.fetch);
    const post = { method: "POST", body: "{}" };
    const controller = new AbortController();
    const request = send(server, { ...post, signal: controller.signal });
    await asked;
    controller.abort();
    await expect(request).rejects.toMatchObject({ reason: "aborted" });
    // The work is shared, and still runs for others.
    const later = send(server, { ...post, signal: AbortSignal.timeout(1) });
    await expect(later).rejects.toMatchObject({ reason: "aborted" });
  });

  it("are kept while the authorization server is unavailable", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await call(auth, world);
    world.authority.accessTokens.clear();
    world.authority.token = () => Response.json({ error: "server_error" }, { status: 500 });
    const error = await call(auth, world).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "AuthorizationError", reason: "unauthorized" });
    world.authority.token = undefined;
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("reach no other origin", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await call(auth, world);
    const send = auth.authorize(new URL(server), world.fetch);
    await send("https://other.example/mcp");
    expect(world.seen.at(-1)?.headers.has("authorization")).toBe(false);
  });
});

describe("a server that moves to another authorization server", () => {
  it("gets a new registration and a new sign-in, without old credentials", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await call(auth, world);
    const next = world.addAuthority("https://next.example");
    world.documents.set("/.well-known/oauth-protected-resource/mcp", {
      resource: server,
      authorization_servers: [next.issuer],
    });
    world.challenge = (token) =>
      token !== undefined && next.accessTokens.has(token)
        ? undefined
        : { status: 401, header: 'Bearer error="invalid_token"' };
    const before = world.seen.length;
    expect((await call(auth, world)).status).toBe(200);
    expect(next.registrations).toHaveLength(1);
    expect(next.authorizations[0]?.get("client_id")).toBe(`client-1-of-${next.issuer}`);
    const sent = world.seen.slice(before).filter(({ url }) => url.startsWith(next.issuer));
    const text = JSON.stringify(sent.map(({ url, body, headers }) => [url, body, [...headers]]));
    expect(text).not.toContain(`client-1-of-${issuer}`);
    expect(text).not.toContain("refresh-");
    expect(world.authority.tokenRequests).toHaveLength(1);
  });
});

describe("a sign-out", () => {
  it("revokes the refresh token and forgets the rest", async () => {
    const world = new World();
    world.authority.metadata.revocation_endpoint = `${issuer}/revoke`;
    const auth = authorizationIn(world);
    await call(auth, world);
    expect(await auth.isSignedIn(server)).toBe(true);
    expect(await auth.signOut(server)).toBe(true);
    const revocation = world.seen.find(({ url }) => url.endsWith("/revoke"));
    expect(new URLSearchParams(revocation?.body).get("token")).toMatch(/^refresh-/);
    expect(await auth.isSignedIn(server)).toBe(false);
    expect(await auth.signOut(server)).toBe(false);
  });
});
