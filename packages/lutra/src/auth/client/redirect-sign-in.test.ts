import { describe, expect, it } from "vitest";
import type { SignInRequiredError } from "./authorization-error.ts";
import { authorizationIn, call, issuer, server, World } from "./fixtures/oauth-world.ts";
import { redirectSignIn } from "./redirect-sign-in.ts";
import { createMemoryTokenStore } from "./token-store.ts";

const redirectUri = "https://app.example/callback";

/** A web host with two replicas and one store. */
function host(world: World, user = "ann", now = Date.now) {
  const store = createMemoryTokenStore();
  const replica = (name = user) =>
    authorizationIn(world, {
      grant: redirectSignIn({ redirectUri, clientName: "app" }),
      ...{ store, user: name, now },
    });
  return { replica };
}

async function refusalOf(work: Promise<unknown>): Promise<SignInRequiredError> {
  return work.then(
    () => {
      throw new Error("expected a refusal");
    },
    (error) => error,
  );
}

/** Lets the user agree. Returns the URL with which the browser returns. */
async function agree(world: World, error: SignInRequiredError): Promise<string> {
  const url = new URL(error.authorizationUrl ?? "");
  expect(url.searchParams.get("redirect_uri")).toBe(redirectUri);
  return `${redirectUri}?${await world.visit(url)}`;
}

describe("a sign-in by redirect", () => {
  it("begins with one replica and ends with another", async () => {
    const world = new World();
    const { replica } = host(world);
    const error = await refusalOf(call(replica(), world));
    expect(error.failure).toBe("sign_in_required");
    const callback = await agree(world, error);
    await replica().finishSignIn(callback);
    expect((await call(replica(), world)).status).toBe(200);
    expect(world.authority.registrations[0]).toMatchObject({ application_type: "web" });
    expect(world.authority.tokenRequests[0]?.get("resource")).toBe(server);
  });

  it("ends once", async () => {
    const world = new World();
    const { replica } = host(world);
    const callback = await agree(world, await refusalOf(call(replica(), world)));
    await replica().finishSignIn(callback);
    const again = await refusalOf(replica().finishSignIn(callback));
    expect(again.failure).toBe("state_mismatch");
    expect(world.authority.tokenRequests).toHaveLength(1);
  });

  it("registers the client again after the authorization server has forgotten it", async () => {
    const world = new World();
    const { replica } = host(world);
    const callback = await agree(world, await refusalOf(call(replica(), world)));
    world.authority.token = () => Response.json({ error: "invalid_client" }, { status: 401 });
    const error = await refusalOf(replica().finishSignIn(callback));
    expect(error.failure).toBe("client_refused");
    world.authority.token = undefined;
    await refusalOf(call(replica(), world));
    expect(world.authority.registrations).toHaveLength(2);
  });

  it("does not end for another user", async () => {
    const world = new World();
    const { replica } = host(world);
    const callback = await agree(world, await refusalOf(call(replica("ann"), world)));
    const error = await refusalOf(replica("eve").finishSignIn(callback));
    expect(error.failure).toBe("state_mismatch");
    expect(world.authority.tokenRequests).toHaveLength(0);
  });

  it("does not end after 10 minutes", async () => {
    const world = new World();
    let time = 1_000_000;
    const { replica } = host(world, "ann", () => time);
    const callback = await agree(world, await refusalOf(call(replica(), world)));
    time += 600_001;
    expect((await refusalOf(replica().finishSignIn(callback))).failure).toBe("sign_in_timeout");
  });

  it("compares the issuer with the one that was recorded", async () => {
    const world = new World();
    const { replica } = host(world);
    world.authority.respond = (parameters) => parameters.set("iss", "https://evil.example");
    const callback = await agree(world, await refusalOf(call(replica(), world)));
    expect((await refusalOf(replica().finishSignIn(callback))).failure).toBe("issuer_mismatch");
    expect(world.authority.tokenRequests).toHaveLength(0);
  });

  it("shows neither the state nor the verifier in its error", async () => {
    const world = new World();
    const { inspect } = await import("node:util");
    const error = await refusalOf(call(host(world).replica(), world));
    const state = new URL(error.authorizationUrl ?? "").searchParams.get("state") ?? "none";
    expect(inspect(error)).not.toContain(state);
    expect(JSON.stringify(error)).not.toContain(state);
  });

  it.each(["http://app.example/callback", "app://callback", "https://app.example/#x"])(
    "refuses the redirect URI %s",
    (uri) => {
      expect(() => redirectSignIn({ redirectUri: uri })).toThrow(TypeError);
    },
  );

  it("needs its own grant", async () => {
    const world = new World();
    await expect(authorizationIn(world).finishSignIn(`${issuer}/`)).rejects.toThrow(TypeError);
  });
});
