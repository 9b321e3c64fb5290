import { describe, expect, it } from "vitest";
import type { AuthorizationError } from "./authorization-error.ts";
import {
  agreeing,
  authorizationIn,
  call,
  issuer,
  redirectUri,
  server,
  World,
} from "./fixtures/oauth-world.ts";
import { createMemoryTokenStore } from "./token-store.ts";

async function errorOf(work: Promise<unknown>): Promise<AuthorizationError> {
  return work.then(
    () => {
      throw new Error("expected a failure");
    },
    (error) => error,
  );
}

describe("a sign-in", () => {
  it("sends PKCE, state and the resource with the authorization request", async () => {
    const world = new World();
    await call(authorizationIn(world), world);
    const [parameters] = world.authority.authorizations;
    expect(Object.fromEntries(parameters ?? [])).toEqual({
      response_type: "code",
      client_id: `client-1-of-${issuer}`,
      redirect_uri: redirectUri,
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
      resource: server,
    });
  });

  it("sends the resource and the verifier with the token request", async () => {
    const world = new World();
    await call(authorizationIn(world), world);
    const [form] = world.authority.tokenRequests;
    expect(form?.get("resource")).toBe(server);
    expect(form?.get("grant_type")).toBe("authorization_code");
    expect(form?.get("redirect_uri")).toBe(redirectUri);
    expect(form?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
  });

  it("happens once for concurrent requests", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    await Promise.all(Array.from({ length: 20 }, () => call(auth, world)));
    expect(world.authority.authorizations).toHaveLength(1);
    expect(world.authority.registrations).toHaveLength(1);
  });

  it("happens once for processes that share a store", async () => {
    const world = new World();
    const store = createMemoryTokenStore();
    const calls = [1, 2, 3].map(() => call(authorizationIn(world, { store }), world));
    await Promise.all(calls);
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("is not repeated while the tokens of the store are valid", async () => {
    const world = new World();
    const store = createMemoryTokenStore();
    await call(authorizationIn(world, { store }), world);
    await call(authorizationIn(world, { store }), world);
    expect(world.authority.authorizations).toHaveLength(1);
    expect(world.authority.tokenRequests).toHaveLength(1);
  });

  it("keeps the tokens of users apart", async () => {
    const world = new World();
    const store = createMemoryTokenStore();
    await call(authorizationIn(world, { store, user: "ann" }), world);
    await call(authorizationIn(world, { store, user: "bob" }), world);
    expect(world.authority.authorizations).toHaveLength(2);
    const tokens = world.seen.map(({ headers }) => headers.get("authorization"));
    expect(new Set(tokens.filter((token) => token !== null)).size).toBe(2);
  });

  it("does not follow a server that refuses the token it asked for", async () => {
    const world = new World();
    world.challenge = () => ({ status: 401, header: 'Bearer error="invalid_token"' });
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error.failure).toBe("token_refused");
    expect(world.authority.authorizations).toHaveLength(1);
  });
});

describe("the authorization response", () => {
  const advertised = { authorization_response_iss_parameter_supported: true };
  const silent = { authorization_response_iss_parameter_supported: undefined };

  it.each([
    ["advertised and equal", advertised, issuer, undefined],
    ["advertised and absent", advertised, undefined, "issuer_mismatch"],
    ["advertised and another one", advertised, "https://evil.example", "issuer_mismatch"],
    ["advertised and equivalent only", advertised, `${issuer}/`, "issuer_mismatch"],
    ["advertised and in upper case", advertised, "https://AUTH.example", "issuer_mismatch"],
    ["not advertised and equal", silent, issuer, undefined],
    ["not advertised and another one", silent, "https://evil.example", "issuer_mismatch"],
    ["not advertised and absent", silent, undefined, undefined],
  ])("with an iss that is %s", async (_what, metadata, iss, failure) => {
    const world = new World();
    Object.assign(world.authority.metadata, metadata);
    world.authority.respond = (parameters) => {
      if (iss === undefined) parameters.delete("iss");
      else parameters.set("iss", iss);
    };
    const outcome = call(authorizationIn(world), world);
    if (failure === undefined) expect((await outcome).status).toBe(200);
    else expect((await errorOf(outcome)).failure).toBe(failure);
    expect(world.authority.tokenRequests).toHaveLength(failure === undefined ? 1 : 0);
  });

  it("does not show an error of another issuer", async () => {
    const world = new World();
    world.authority.respond = (parameters) => {
      parameters.delete("code");
      parameters.set("error", "access_denied");
      parameters.set("error_description", "call 555-0100");
      parameters.set("iss", "https://evil.example");
    };
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error.failure).toBe("issuer_mismatch");
    expect(error.message).not.toContain("555");
    expect(error.message).not.toContain("evil");
  });

  it("reports the error of the authorization server", async () => {
    const world = new World();
    world.authority.respond = (parameters) => {
      parameters.delete("code");
      parameters.set("error", "access_denied");
    };
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error).toMatchObject({ failure: "access_denied", code: "access_denied", status: 401 });
  });

  it.each([
    ["another state", (p: URLSearchParams) => p.set("state", "x"), "state_mismatch"],
    ["no state", (p: URLSearchParams) => p.delete("state"), "state_mismatch"],
    ["two codes", (p: URLSearchParams) => p.append("code", "x"), "invalid_response"],
    ["two issuers", (p: URLSearchParams) => p.append("iss", issuer), "invalid_response"],
    ["two states", (p: URLSearchParams) => p.append("state", "x"), "invalid_response"],
    ["no code", (p: URLSearchParams) => p.delete("code"), "invalid_response"],
  ])("is refused with %s", async (_what, respond, failure) => {
    const world = new World();
    world.authority.respond = respond;
    expect((await errorOf(call(authorizationIn(world), world))).failure).toBe(failure);
    expect(world.authority.tokenRequests).toHaveLength(0);
  });
});

describe("the registration", () => {
  const clientMetadataUrl = "https://app.example/client.json";

  it("prefers a client that was registered beforehand", async () => {
    const world = new World();
    world.authority.metadata.client_id_metadata_document_supported = true;
    const clients = [{ issuer, clientId: "known" }];
    const grant = agreeing(world, { clients, clientMetadataUrl });
    await call(authorizationIn(world, { grant }), world);
    expect(world.authority.authorizations[0]?.get("client_id")).toBe("known");
  });

  it("uses a metadata document where the authorization server reads them", async () => {
    const world = new World();
    world.authority.metadata.client_id_metadata_document_supported = true;
    const grant = agreeing(world, { clientMetadataUrl });
    await call(authorizationIn(world, { grant }), world);
    expect(world.authority.authorizations[0]?.get("client_id")).toBe(clientMetadataUrl);
    expect(world.authority.registrations).toHaveLength(0);
  });

  it("registers the client where it does not, with its application type", async () => {
    const world = new World();
    const grant = agreeing(world, { clientMetadataUrl, clientName: "Otter" });
    await call(authorizationIn(world, { grant }), world);
    expect(world.authority.registrations).toEqual([
      {
        client_name: "Otter",
        redirect_uris: [redirectUri],
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
    ]);
  });

  it("reports why the authorization server refused it, and the remedy", async () => {
    const world = new World();
    world.authority.register = () =>
      Response.json(
        { error: "invalid_redirect_uri", error_description: "no loopback" },
        { status: 400 },
      );
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error).toMatchObject({ failure: "registration_refused", code: "invalid_redirect_uri" });
    expect(error.message).toContain("no loopback");
    expect(error.message).toContain("register it by hand");
  });

  it("is repeated after the authorization server has forgotten the client", async () => {
    const world = new World();
    const auth = authorizationIn(world);
    world.authority.token = () => Response.json({ error: "invalid_client" }, { status: 401 });
    expect((await errorOf(call(auth, world))).failure).toBe("client_refused");
    world.authority.token = undefined;
    expect((await call(auth, world)).status).toBe(200);
    expect(world.authority.registrations).toHaveLength(2);
  });

  it("names the remedy when there is no way to register", async () => {
    const world = new World();
    world.authority.metadata.registration_endpoint = undefined;
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error.failure).toBe("client_not_registered");
    expect(error.message).toContain("clients: [{ issuer, clientId }]");
  });

  it("does not use a client with another issuer", async () => {
    const world = new World();
    const clients = [
      { issuer: "https://old.example", clientId: "old", clientSecret: "old-secret" },
    ];
    const error = await errorOf(
      call(authorizationIn(world, { grant: agreeing(world, { clients }) }), world),
    );
    expect(error.failure).toBe("client_not_registered");
    expect(world.authority.authorizations).toHaveLength(0);
    expect(error.message).not.toContain("old-secret");
  });
});

describe("the scopes", () => {
  const supported = { scopes_supported: ["basic", "read"] };

  function challenging(world: World, header: string): void {
    const serve = world.challenge;
    world.challenge = (token, seen) => serve(token, seen) && { status: 401, header };
  }

  it.each([
    ["those of the challenge", 'Bearer scope="files"', supported, "files"],
    ["all that the resource supports", "Bearer", supported, "basic read"],
    ["none when none are named", "Bearer", {}, null],
  ])("of the first request are %s", async (_what, header, metadata, expected) => {
    const world = new World();
    challenging(world, header);
    world.documents.set("/.well-known/oauth-protected-resource/mcp", {
      ...{ resource: server, authorization_servers: [issuer] },
      ...metadata,
    });
    await call(authorizationIn(world), world);
    expect(world.authority.authorizations[0]?.get("scope")).toBe(expected);
  });

  it("include offline_access only where it is offered", async () => {
    const world = new World();
    challenging(world, 'Bearer scope="files"');
    world.authority.metadata.scopes_supported = ["offline_access"];
    await call(authorizationIn(world), world);
    const [parameters] = world.authority.authorizations;
    expect(parameters?.get("scope")).toBe("files offline_access");
    expect(parameters?.get("prompt")).toBe("consent");
  });

  it("of a step-up are the union of those before and those of the challenge", async () => {
    const world = new World();
    const { accessTokens } = world.authority;
    world.challenge = (token) => {
      const scopes = token === undefined ? undefined : accessTokens.get(token);
      if (scopes === undefined) return { status: 401, header: 'Bearer scope="read"' };
      if (scopes.includes("write")) return undefined;
      return { status: 403, header: 'Bearer error="insufficient_scope", scope="write"' };
    };
    expect((await call(authorizationIn(world), world)).status).toBe(200);
    const asked = world.authority.authorizations.map((one) => one.get("scope"));
    expect(asked).toEqual(["read", "read write"]);
  });

  it("are not asked for again when the server refuses them all the same", async () => {
    const world = new World();
    world.challenge = (token) =>
      token === undefined
        ? { status: 401, header: 'Bearer scope="admin"' }
        : { status: 403, header: 'Bearer error="insufficient_scope", scope="admin"' };
    const error = await errorOf(call(authorizationIn(world), world));
    expect(error).toMatchObject({ failure: "insufficient_scope", status: 403 });
    expect(world.authority.authorizations).toHaveLength(1);
  });

  it("do not matter for another 403", async () => {
    const world = new World();
    world.challenge = () => ({ status: 403, header: 'Bearer error="invalid_request"' });
    expect((await call(authorizationIn(world), world)).status).toBe(403);
    expect(world.authority.authorizations).toHaveLength(0);
  });
});
