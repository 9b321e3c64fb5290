import { describe, expect, it } from "vitest";
import { authorizationIn, call, issuer, server, World } from "./fixtures/oauth-world.ts";
import { metadataURLs } from "./server-metadata.ts";

const prm = "https://mcp.example/.well-known/oauth-protected-resource";

/** Resolves to the failure of a call in the world. */
async function failureOf(world: World): Promise<unknown> {
  const error = await call(authorizationIn(world), world).catch((thrown) => thrown);
  return error.failure ?? error;
}

describe("protected resource metadata", () => {
  it("is read from the URL of the challenge alone when there is one", async () => {
    const world = new World();
    world.documents.clear();
    world.documents.set("/custom.json", { resource: server, authorization_servers: [issuer] });
    const serve = world.challenge;
    const header = 'Basic realm="a, b", Bearer resource_metadata="https://mcp.example/custom.json"';
    world.challenge = (token, seen) => serve(token, seen) && { status: 401, header };
    expect((await call(authorizationIn(world), world)).status).toBe(200);
    expect(world.paths[0]).toBe("https://mcp.example/custom.json");
    expect(world.paths).not.toContain(prm);
  });

  it("is read at the path of the server, then at the root", async () => {
    const world = new World();
    world.documents.clear();
    world.documents.set("/.well-known/oauth-protected-resource", {
      resource: "https://mcp.example",
      authorization_servers: [issuer],
    });
    await call(authorizationIn(world), world);
    expect(world.paths.slice(0, 2)).toEqual([`${prm}/mcp`, prm]);
    expect(world.authority.authorizations[0]?.get("resource")).toBe("https://mcp.example");
  });

  it.each([
    ["of another origin", "https://evil.example/mcp"],
    ["of a longer path", "https://mcp.example/mcp/other"],
    ["of a similar path", "https://mcp.example/mc"],
    ["of the whole host", "https://mcp.example"],
    ["with a fragment", "https://mcp.example/mcp#x"],
    ["that is not a URL", "mcp.example"],
  ])("is not used for a resource %s", async (_what, resource) => {
    const world = new World();
    world.documents.set("/.well-known/oauth-protected-resource/mcp", {
      resource,
      authorization_servers: [issuer],
    });
    expect(await failureOf(world)).toBe("resource_mismatch");
    expect(world.authority.authorizations).toHaveLength(0);
  });

  it("is not used for a part of the path, which may belong to others", async () => {
    const world = new World();
    world.documents.set("/custom.json", {
      resource: "https://mcp.example/",
      authorization_servers: [issuer],
    });
    const serve = world.challenge;
    const header = 'Bearer resource_metadata="https://mcp.example/custom.json"';
    world.challenge = (token, seen) => serve(token, seen) && { status: 401, header };
    expect(await failureOf(world)).toBe("resource_mismatch");
    expect(world.authority.authorizations).toHaveLength(0);
  });

  it("must name an authorization server", async () => {
    const world = new World();
    world.documents.set("/.well-known/oauth-protected-resource/mcp", { resource: server });
    expect(await failureOf(world)).toBe("no_authorization_server");
  });

  it("can be replaced by the option issuer", async () => {
    const world = new World();
    world.documents.clear();
    expect(await failureOf(world)).toBe("no_resource_metadata");
    await call(authorizationIn(world, { issuer }), world);
    expect(world.authority.authorizations[0]?.get("resource")).toBe(server);
  });
});

describe("the metadata of an authorization server", () => {
  it.each([
    [
      "https://a.example",
      [
        "https://a.example/.well-known/oauth-authorization-server",
        "https://a.example/.well-known/openid-configuration",
      ],
    ],
    [
      "https://a.example/t1",
      [
        "https://a.example/.well-known/oauth-authorization-server/t1",
        "https://a.example/.well-known/openid-configuration/t1",
        "https://a.example/t1/.well-known/openid-configuration",
      ],
    ],
  ])("of %s is tried in the specified order", (name, urls) => {
    expect(metadataURLs(name)).toEqual(urls);
  });

  it.each(["http://a.example", "https://a.example?x=1", "javascript:alert(1)", "a.example"])(
    "is not requested for the issuer %s",
    (name) => {
      expect(() => metadataURLs(name)).toThrow(expect.objectContaining({ failure: "unsafe_url" }));
    },
  );

  it.each(["https://auth.example/", "https://AUTH.example", "https://auth.example:443"])(
    "is not used when it spells its issuer as %s",
    async (spelling) => {
      const world = new World();
      world.authority.metadata.issuer = spelling;
      expect(await failureOf(world)).toBe("issuer_mismatch");
      expect(world.authority.registrations).toHaveLength(0);
      expect(world.authority.authorizations).toHaveLength(0);
    },
  );

  it.each([undefined, [], ["plain"]])(
    "must promise PKCE with S256, got %j",
    async (code_challenge_methods_supported) => {
      const world = new World();
      Object.assign(world.authority.metadata, { code_challenge_methods_supported });
      expect(await failureOf(world)).toBe("no_pkce");
      expect(world.authority.authorizations).toHaveLength(0);
    },
  );

  it.each([
    ["token_endpoint", "http://auth.example/token"],
    ["token_endpoint", "javascript:alert(1)"],
    ["token_endpoint", "/token"],
    ["token_endpoint", "https://user:word@auth.example/token"],
    ["registration_endpoint", "http://auth.example/register"],
    ["revocation_endpoint", "http://auth.example/revoke"],
  ])("must not have the %s %s, also for a fetch of the application", async (name, url) => {
    const world = new World();
    Object.assign(world.authority.metadata, { [name]: url });
    expect(await failureOf(world)).toBe("unsafe_url");
    expect(world.authority.registrations).toHaveLength(0);
    expect(world.authority.authorizations).toHaveLength(0);
  });

  it("cannot weaken an authorization request by parameters in its endpoint", async () => {
    const world = new World();
    const planted = new URLSearchParams({
      ...{ code_challenge: "known", code_challenge_method: "plain", response_type: "token" },
      ...{ state: "fixed", redirect_uri: "https://evil.example/", client_id: "evil" },
      resource: "https://evil.example/mcp",
    });
    const authorization_endpoint = `${issuer}/authorize?${planted}&state=fixed&tenant=a`;
    Object.assign(world.authority.metadata, { authorization_endpoint });
    expect((await call(authorizationIn(world), world)).status).toBe(200);
    const [sent = new URLSearchParams()] = world.authority.authorizations;
    for (const [name, value] of planted) expect(sent.getAll(name)).not.toContain(value);
    expect([...sent.keys()].filter((name) => name === "state")).toHaveLength(1);
    expect(sent.get("tenant")).toBe("a");
  });

  it.each([
    "javascript:alert(1)",
    "http://auth.example/authorize",
    "http://127.0.0.1:8080/settings",
    "https://localhost/settings",
    "file:///etc/passwd",
  ])("does not open the authorization endpoint %s", async (authorization_endpoint) => {
    const world = new World();
    Object.assign(world.authority.metadata, { authorization_endpoint });
    expect(await failureOf(world)).toBe("unsafe_url");
  });
});
