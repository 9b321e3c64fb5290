/** A gateway that gets tokens for its upstreams from a real authorization server. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigInput, loadConfig, startGateway } from "@lutra/gateway";
import {
  createRemoteJWKSet,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from "jose";
import { protect } from "lutra/auth";
import { createClient } from "lutra/client";
import { createNodeHandler } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { afterEach, describe, expect, it } from "vitest";
import { createSecret, permitSecretsIn } from "../secrets/registered-secrets.ts";
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  closeServer,
  startAuthorizationServer,
} from "./authorization-server.ts";

const opened: { readonly close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

const gatewayResource = "https://gateway.example/mcp";
const upstreamResource = "https://books.example/mcp";
const exchangeType = "urn:ietf:params:oauth:grant-type:token-exchange";
const bearerType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const [callerSecret, gatewaySecret] = [
  createSecret("client_secret"),
  createSecret("client_secret"),
];

/** A machine client of the gateway's own authorization server, whose token is that of the caller. */
const caller = {
  ...{ client_id: "caller", client_secret: callerSecret, redirect_uris: [] },
  ...{ grant_types: ["client_credentials"], response_types: [], scope: "use" },
};

async function startOwn(): Promise<AuthorizationServer> {
  const own = await startAuthorizationServer({
    ...{ resource: () => gatewayResource, scopes: ["use"], clients: [caller] },
  });
  opened.push(own);
  return own;
}

async function callerToken({ issuer }: AuthorizationServer): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`caller:${encodeURIComponent(callerSecret)}`)}` },
    body: new URLSearchParams({
      ...{ grant_type: "client_credentials", resource: gatewayResource, scope: "use" },
    }),
  });
  const { access_token } = (await response.json()) as { readonly access_token: string };
  return access_token;
}

async function startOther(
  options: Partial<AuthorizationServerOptions>,
): Promise<AuthorizationServer> {
  const other = await startAuthorizationServer({
    ...{ resource: () => upstreamResource, scopes: ["books:read"] },
    ...options,
  });
  opened.push(other);
  return other;
}

/** A replica of a server that accepts the tokens of one authorization server. */
async function startReplica(issuer: string): Promise<string> {
  const server = createServer({
    name: "books",
    version: "1.0.0",
    tools: [defineTool({ name: "whoami", call: (_args, { principal }) => String(principal?.id) })],
  });
  const authenticate = protect({ issuer, resource: upstreamResource, scopes: ["books:read"] });
  const http = createHttpServer(createNodeHandler(server, { authenticate }));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  opened.push({ close: () => closeServer(http) });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

type UpstreamAuth = NonNullable<ConfigInput["upstreams"][string]["auth"]>;

/** Starts a gateway in front of two replicas. Returns the answers of four calls. */
async function callThrough(
  own: AuthorizationServer,
  other: AuthorizationServer,
  auth: Partial<UpstreamAuth>,
): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), "lutra-gateway-tokens-"));
  opened.push({ close: () => rm(folder, { recursive: true }) });
  permitSecretsIn(join(folder, "gateway.json"), "the configuration with the secret of the client");
  const { keyPem, ...settings } = auth as Partial<UpstreamAuth> & { readonly keyPem?: string };
  if (keyPem !== undefined) await writeFile(join(folder, "key.pem"), keyPem);
  const client = { clientId: "gateway", resource: upstreamResource, scopes: ["books:read"] };
  const config = {
    ...{ listen: { port: 0 }, admin: false, log: false },
    auth: { issuer: own.issuer, resource: gatewayResource },
    upstreams: {
      books: {
        url: [await startReplica(other.issuer), await startReplica(other.issuer)],
        auth: { issuer: other.issuer, ...client, ...settings },
      },
    },
  };
  const file = join(folder, "gateway.json");
  await writeFile(file, JSON.stringify(config));
  const gateway = await startGateway(await loadConfig(file), { notice: () => {} });
  opened.push(gateway);
  await gateway.ready();
  const authorization = `Bearer ${await callerToken(own)}`;
  const mcp = createClient(gateway.url, { headers: { authorization } });
  opened.push(mcp);
  const answers: unknown[] = [];
  for (const _ of [1, 2, 3, 4]) {
    const { content } = await mcp.callTool("whoami");
    answers.push((content as readonly { readonly text: string }[])[0]?.text);
  }
  return answers;
}

const countOf = ({ seen }: AuthorizationServer) =>
  seen.filter(({ path }) => path === "/token").length;

function gatewayClient(client: object): object {
  return {
    ...{ client_id: "gateway", redirect_uris: [], response_types: [], scope: "books:read" },
    ...client,
  };
}

describe("a gateway in front of two replicas", () => {
  it("calls them with one token of its own, for which it signs with a key", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const keys = [{ ...(await exportJWK(publicKey)), kid: "a", use: "sig", alg: "ES256" }];
    const other = await startOther({
      clients: [
        gatewayClient({
          grant_types: ["client_credentials"],
          token_endpoint_auth_method: "private_key_jwt",
          token_endpoint_auth_signing_alg: "ES256",
          jwks: { keys },
        }),
      ],
    });
    const answers = await callThrough(await startOwn(), other, {
      ...{ grant: "client-credentials", keyFile: "key.pem", keyId: "a" },
      ...{ keyPem: await exportPKCS8(privateKey) },
    } as Partial<UpstreamAuth>);
    expect(new Set(answers)).toEqual(new Set([`${other.issuer} gateway`]));
    expect(countOf(other)).toBe(1);
  });

  it("exchanges the token of its caller, and keeps the other one", async () => {
    const own = await startOwn();
    const verifying = createRemoteJWKSet(new URL(`${own.issuer}/jwks`));
    const subjectOf = async ({ subject_token = "" }: { readonly subject_token?: string }) => {
      const { payload } = await jwtVerify(subject_token, verifying, { audience: gatewayResource });
      return `user of ${payload.client_id}`;
    };
    const parameters = ["subject_token", "subject_token_type", "requested_token_type", "audience"];
    const other = await startOther({
      clients: [gatewayClient({ grant_types: [exchangeType], client_secret: gatewaySecret })],
      grants: { [exchangeType]: { parameters, subjectOf } },
    });
    const answers = await callThrough(own, other, {
      ...{ grant: "token-exchange", clientSecret: gatewaySecret },
    });
    expect(new Set(answers)).toEqual(new Set([`${other.issuer} user of caller`]));
    expect(countOf(other)).toBe(1);
  });

  it("gets a token by an assertion of the identity provider", async () => {
    const own = await startOwn();
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const provider = createHttpServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const access_token = await new SignJWT({
        client_id: "gateway",
        resource: form.get("resource"),
      })
        .setProtectedHeader({ alg: "ES256", typ: "oauth-id-jag+jwt" })
        .setSubject("ann")
        .setAudience(String(form.get("audience")))
        .setExpirationTime("1m")
        .sign(privateKey);
      const issued_token_type = "urn:ietf:params:oauth:token-type:id-jag";
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ access_token, issued_token_type, token_type: "N_A" }));
    });
    await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
    opened.push({ close: () => closeServer(provider) });
    const idp = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const other: AuthorizationServer = await startOther({
      clients: [gatewayClient({ grant_types: [bearerType], client_secret: gatewaySecret })],
      grants: {
        [bearerType]: {
          parameters: ["assertion"],
          subjectOf: async ({ assertion = "" }) => {
            const rules = { audience: other.issuer, typ: "oauth-id-jag+jwt" };
            const { payload } = await jwtVerify(assertion, publicKey, rules);
            return payload.resource === upstreamResource ? payload.sub : undefined;
          },
        },
      },
    });
    const answers = await callThrough(own, other, {
      ...{ grant: "enterprise-managed", clientSecret: gatewaySecret },
      identityProvider: {
        ...{ issuer: idp, tokenEndpoint: `${idp}/token` },
        ...{ clientId: "gateway-at-idp", clientSecret: "b" },
      },
    });
    expect(new Set(answers)).toEqual(new Set([`${other.issuer} ann`]));
    expect(countOf(other)).toBe(1);
  });
});
