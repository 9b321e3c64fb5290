import { describe, expect, it } from "vitest";
import { type EnterpriseManaged, enterpriseManaged } from "./enterprise-managed.ts";
import {
  type Authority,
  authorizationIn,
  call,
  issuer,
  server,
  World,
} from "./fixtures/oauth-world.ts";

const provider = "https://login.corp.example";
const tokenType = "urn:ietf:params:oauth:token-type:";

/** A world with an identity provider that answers each exchange with an assertion. */
function corporate(answer: (count: number) => object) {
  const world = new World();
  const idp: Authority = world.addAuthority(provider);
  idp.token = () => Response.json(answer(idp.tokenRequests.length));
  const options: EnterpriseManaged = {
    ...{ issuer, clientId: "app", clientSecret: "app-secret" },
    identityProvider: {
      ...{ issuer: provider, clientId: "app-at-login" },
      subject: () => ({ token: "the-id-token", type: "id_token" }),
    },
  };
  world.authority.metadata.token_endpoint_auth_methods_supported = ["client_secret_basic"];
  return { world, idp, auth: authorizationIn(world, { grant: enterpriseManaged(options) }) };
}

const assertion = (count: number) => ({
  access_token: `assertion-${count}`,
  issued_token_type: `${tokenType}id-jag`,
  token_type: "N_A",
});

describe("enterprise-managed authorization", () => {
  it("exchanges the user's token for an assertion about the server, and that for a token", async () => {
    const { world, idp, auth } = corporate(assertion);
    expect((await call(auth, world)).status).toBe(200);
    expect(Object.fromEntries(idp.tokenRequests[0] ?? [])).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: `${tokenType}id-jag`,
      audience: issuer,
      resource: server,
      subject_token: "the-id-token",
      subject_token_type: `${tokenType}id_token`,
      client_id: "app-at-login",
    });
    expect(Object.fromEntries(world.authority.tokenRequests[0] ?? [])).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: "assertion-1",
      resource: server,
    });
    const [request] = world.seen.filter(({ url }) => url === `${issuer}/token`);
    expect(request?.headers.get("authorization")).toBe(`Basic ${btoa("app:app-secret")}`);
    expect(world.authority.authorizations).toHaveLength(0);
  });

  it("uses each assertion once", async () => {
    const { world, auth } = corporate(assertion);
    await call(auth, world);
    world.authority.accessTokens.clear();
    world.authority.refreshTokens.clear();
    await call(auth, world);
    const used = world.authority.tokenRequests.map((form) => form.get("assertion"));
    expect(used.filter((one) => one !== null)).toEqual(["assertion-1", "assertion-2"]);
  });

  it.each([
    ["an access token", { access_token: "a", token_type: "Bearer" }],
    ["another type", { ...assertion(1), issued_token_type: `${tokenType}access_token` }],
  ])("accepts no answer that is %s", async (_what, answer) => {
    const { world, auth } = corporate(() => answer);
    await expect(call(auth, world)).rejects.toMatchObject({ failure: "invalid_response" });
    expect(world.authority.tokenRequests).toHaveLength(0);
  });
});
