/** Client metadata documents over https on loopback, which the authorization server reads. */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { browserSignIn, clientMetadataDocument, oauth } from "lutra/auth/client";
import { createClient } from "lutra/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAuthority, hasOpenSSL } from "../../packages/gateway/src/fixtures/certificates.ts";
import { runNodeIn } from "../cli/run-lutra.ts";
import { compiled } from "../compiled.ts";
import { closeServer } from "./authorization-server.ts";
import { startProtectedServer } from "./protected-server.ts";
import { signInAs } from "./scripted-user.ts";

const redirectUris = ["http://127.0.0.1/callback"];

/** The answers of the server of documents by path, with the reason for which one is refused. */
const documents: {
  readonly [path: string]: (url: string) => {
    readonly status?: number;
    readonly location?: string;
    readonly body?: object | string;
  };
} = {
  "/client.json": (url) => ({
    body: clientMetadataDocument({ url, clientName: "app", redirectUris }),
  }),
  "/moved.json": () => ({ status: 302, location: "/client.json" }),
  "/missing.json": () => ({ status: 404 }),
  "/large.json": (url) => ({
    body: {
      ...clientMetadataDocument({ url, clientName: "app", redirectUris }),
      padding: "x".repeat(5120),
    },
  }),
  "/other.json": (url) => ({
    body: clientMetadataDocument({ url: `${url}/other`, clientName: "app", redirectUris }),
  }),
  "/secret.json": (url) => ({
    body: {
      ...clientMetadataDocument({ url, clientName: "app", redirectUris }),
      token_endpoint_auth_method: "client_secret_basic",
    },
  }),
  "/elsewhere.json": (url) => ({
    body: clientMetadataDocument({
      url,
      clientName: "app",
      redirectUris: ["https://app.example/"],
    }),
  }),
  "/page.json": () => ({ body: "<html></html>" }),
};

interface Setting {
  /** The origin of the documents. */
  readonly origin: string;
  /** The paths of the documents that were read, in order. */
  readonly read: readonly string[];
  /** Signs in with the document at a path, and calls a tool. Resolves to the text of the result. */
  readonly callAs: (path: string) => Promise<string>;
}

/** Starts a server of documents with a certificate of a new authority, and an authorization server. */
async function start({ isTrusted = true, isLoopbackPermitted = true } = {}): Promise<Setting> {
  const authority = createAuthority();
  const files = authority.issue("documents");
  const read: string[] = [];
  const https = createServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) });
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const origin = `https://localhost:${(https.address() as AddressInfo).port}`;
  https.on("request", ({ url = "" }, response) => {
    read.push(url);
    const { status = 200, location, body } = documents[url]?.(origin + url) ?? { status: 404 };
    response.writeHead(status, {
      "content-type": "application/json",
      ...(location && { location }),
    });
    response.end(typeof body === "object" ? JSON.stringify(body) : body);
  });
  const server = await startProtectedServer({ scopes: ["books:read"] });
  const program = compiled(new URL("fixtures/document-authority.ts", import.meta.url));
  const folder = fileURLToPath(new URL("fixtures", import.meta.url));
  const trust = isTrusted ? { NODE_EXTRA_CA_CERTS: authority.ca } : {};
  const as = runNodeIn(folder, program, server.url, String(isLoopbackPermitted), trust);
  onTestFinished(async () => {
    as.child.kill();
    await as.closed;
    await Promise.all([server.close(), closeServer(https)]);
  });
  const [, issuer = ""] = await as.line(/^issuer: (\S+)$/);
  server.trust(issuer);
  return { origin, read, callAs: (path) => callAs(server.url, origin + path) };
}

async function callAs(server: string, clientMetadataUrl: string): Promise<string> {
  const clientIds: unknown[] = [];
  const open = async (page: string) => {
    clientIds.push(new URL(page).searchParams.get("client_id"));
    const { text } = await signInAs("ann", page);
    if (!text.includes("You have signed in")) throw new Error(text);
  };
  const grant = browserSignIn({ clientMetadataUrl, open });
  const client = createClient(server, { auth: oauth({ grant }) });
  onTestFinished(() => client.close());
  const { content } = await client.callTool("whoami");
  expect(clientIds).toEqual([clientMetadataUrl]);
  return JSON.stringify(content);
}

describe.skipIf(!hasOpenSSL)("a client metadata document over https (needs openssl)", () => {
  it("is the client for the whole sign-in, if it is a small document about its own URL", async () => {
    const { callAs, read } = await start();
    expect(await callAs("/client.json")).toContain("ann");
    const refused = Object.keys(documents).filter((path) => path !== "/client.json");
    for (const path of refused) {
      await expect(callAs(path), path).rejects.toThrow(/invalid_client|invalid_redirect_uri/);
    }
    // Each was requested, and no redirect was followed.
    expect([...new Set(read)]).toEqual(["/client.json", ...refused]);
    expect(read.filter((path) => path === "/client.json")).toHaveLength(1);
  });

  it("is not read with an untrusted certificate, and from loopback only if permitted", async () => {
    const settings = await Promise.all([
      start({ isTrusted: false }),
      start({ isLoopbackPermitted: false }),
    ]);
    for (const { callAs, read } of settings) {
      await expect(callAs("/client.json")).rejects.toThrow("invalid_client");
      expect(read).toEqual([]);
    }
  });
});
