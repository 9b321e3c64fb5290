import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import {
  browserSignIn,
  clientCredentials,
  clientMetadataDocument,
  type Grant,
  type OAuthOptions,
  oauth,
  redirectSignIn,
  type SignInRequiredError,
  workloadIdentity,
} from "lutra/auth/client";
import { type Client, createClient } from "lutra/client";
import { afterEach, describe, expect, it } from "vitest";
import { createSecret } from "../secrets/registered-secrets.ts";
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
}

async function start(
  options: Partial<AuthorizationServerOptions> = {},
  rules: Parameters<typeof startProtectedServer>[0] = {},
): Promise<Setting> {
  const server = await startProtectedServer({ scopes: ["books:read"], ...rules });
  const as = await startAuthorizationServer({
    resource: () => server.url,
    scopes: ["books:read", "books:write"],
    ...options,
  });
  opened.push(as, server);
  server.trust(as.issuer);
  return { server, as };
}

function connect({ server }: Setting, options: OAuthOptions): Client {
  const client = createClient(server.url, { auth: oauth(options) });
  opened.push(client);
  return client;
}

function browser(options: Parameters<typeof browserSignIn>[0] = {}): Grant {
  return browserSignIn({ ...options, open: agree });
}

/** Signs in, and fails the test when the authorization server does not return to the program. */
async function agree(url: string): Promise<void> {
  const { text } = await signInAs("ann", url);
  if (!text.includes("You have signed in")) throw new Error(text);
}

function countOf({ seen }: AuthorizationServer, path: string): number {
  return seen.filter((request) => request.path === path).length;
}

describe("a client metadata document", () => {
  it("makes the client known without a registration", async () => {
    const url = "https://app.example/client.json";
    const document = clientMetadataDocument({
      ...{ url, clientName: "app" },
      redirectUris: ["http://127.0.0.1/callback"],
    });
    const setting = await start({
      features: { clientIdMetadataDocument: { enabled: true, ack: "draft-02" } },
      fetch: async (requested) => {
        expect(String(requested)).toBe(url);
        return Response.json(document);
      },
    });
    const client = connect(setting, { grant: browser({ clientMetadataUrl: url }) });
    expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(countOf(setting.as, "/reg")).toBe(0);
  });
});

describe("a web host", () => {
  it("redirects its user, and calls after the return", async () => {
    const setting = await start();
    const redirectUri = "http://127.0.0.1:1/callback";
    const auth = oauth({ grant: redirectSignIn({ redirectUri }), user: "ann" });
    const client = createClient(setting.server.url, { auth });
    opened.push(client);
    const error: SignInRequiredError = await client.callTool("whoami").then(
      () => expect.fail("expected a refusal"),
      (thrown) => thrown,
    );
    expect(error.failure).toBe("sign_in_required");
    const { url } = await signInAs("ann", error.authorizationUrl ?? "");
    await auth.finishSignIn(url);
    expect((await client.callTool("whoami")).isError).not.toBe(true);
  });
});

describe("a program", () => {
  it("authenticates with a secret", async () => {
    const client_secret = createSecret("client_secret");
    const setting = await start({
      clients: [program({ client_id: "program", client_secret })],
    });
    const { issuer } = setting.as;
    const grant = clientCredentials({ issuer, clientId: "program", clientSecret: client_secret });
    const { content } = await connect(setting, { grant }).callTool("whoami");
    expect(content).toEqual([{ type: "text", text: expect.stringContaining("program") }]);
  });

  it("authenticates with a key, and gets further scopes", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys = [{ ...(await exportJWK(publicKey)), kid: "a", use: "sig", alg: "ES256" }];
    const setting = await start({
      clients: [
        program({
          client_id: "program",
          token_endpoint_auth_method: "private_key_jwt",
          token_endpoint_auth_signing_alg: "ES256",
          jwks: { keys },
        }),
      ],
    });
    const { issuer } = setting.as;
    const key = { privateKey: await exportPKCS8(privateKey), algorithm: "ES256", keyId: "a" };
    const client = connect(setting, {
      grant: clientCredentials({ issuer, clientId: "program", key }),
    });
    expect((await client.callTool("write")).isError).not.toBe(true);
    expect(countOf(setting.as, "/token")).toBe(2);
  });

  it("sends its secret to no other authorization server", async () => {
    const setting = await start();
    const credentials = { issuer: "https://login.example", clientId: "a", clientSecret: "b" };
    const client = connect(setting, { grant: clientCredentials(credentials) });
    await expect(client.callTool("whoami")).rejects.toMatchObject({
      failure: "client_not_registered",
      message: expect.stringContaining("register the client there"),
    });
    expect(countOf(setting.as, "/token")).toBe(0);
  });

  it("gives up after its workload token was refused", async () => {
    const setting = await start({
      clients: [program({ client_id: "program", client_secret: "x" })],
    });
    const { issuer } = setting.as;
    const audiences: string[] = [];
    const token = (audience: string) => {
      audiences.push(audience);
      return "no token";
    };
    const grant = workloadIdentity({ issuer, clientId: "program", clientSecret: "x", token });
    await expect(connect(setting, { grant }).callTool("whoami")).rejects.toMatchObject({
      name: "AuthorizationError",
    });
    expect(audiences).toEqual([issuer]);
    expect(countOf(setting.as, "/token")).toBe(1);
  });
});

/** A client that may only act for itself. */
function program(client: object): object {
  return {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope: "books:read books:write",
    ...client,
  };
}

describe("tokens that are bound to a key", () => {
  it("are used with a fresh proof for each request", async () => {
    const setting = await start(
      { features: { dPoP: { enabled: true } } },
      { dpop: { required: true } },
    );
    const client = connect(setting, { grant: browser(), dpop: true });
    for (const _ of [1, 2, 3]) expect((await client.callTool("whoami")).isError).not.toBe(true);
    const schemes = setting.server.credentials.map((value) => value?.split(" ")[0]);
    expect(new Set(schemes)).toEqual(new Set([undefined, "DPoP"]));
  });

  it("are used with the nonces of the server and of the authorization server", async () => {
    const nonceKey = "0123456789abcdef0123456789abcdef";
    const features = {
      dPoP: {
        enabled: true,
        nonceSecret: Buffer.alloc(32, 7),
        requireNonce: () => true,
      },
    };
    const setting = await start({ features }, { dpop: { required: true, nonceKey } });
    const client = connect(setting, { grant: browser(), dpop: true });
    for (const _ of [1, 2]) expect((await client.callTool("whoami")).isError).not.toBe(true);
    expect(countOf(setting.as, "/token")).toBe(2);
  });

  it("are refreshed with the same key by another process", async () => {
    let time = Date.now();
    const { createMemoryTokenStore } = await import("lutra/auth/client");
    const options = { store: createMemoryTokenStore(), dpop: true, now: () => time };
    const setting = await start(
      { features: { dPoP: { enabled: true } }, accessTokenSeconds: 60 },
      { dpop: { required: true } },
    );
    await connect(setting, { grant: browser(), ...options }).callTool("whoami");
    time += 55_000;
    await connect(setting, { grant: browser(), ...options }).callTool("whoami");
    expect(countOf(setting.as, "/token")).toBe(2);
    expect(countOf(setting.as, "/auth")).toBe(1);
  });

  it("are not replaced by bearer tokens of a server that binds none", async () => {
    const setting = await start({ features: { dPoP: { enabled: false } } });
    const client = connect(setting, { grant: browser(), dpop: true });
    await expect(client.callTool("whoami")).rejects.toMatchObject({ failure: "unsupported" });
    expect(countOf(setting.as, "/token")).toBe(0);
  });
});
