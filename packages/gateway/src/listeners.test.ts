/** A gateway with several listeners. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { createAuthority, hasOpenSSL, replaceCertificate } from "./fixtures/certificates.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { createPoster } from "./fixtures/posting.ts";
import { startGateway } from "./gateway.ts";

const call = { name: "echo", arguments: {} };

async function configOf(listen: NonNullable<ConfigInput["listen"]>): Promise<ConfigInput> {
  const upstream = await startPlainServer();
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  return { admin: false, log: false, drainMs: 500, listen, upstreams: { plain: { url } } };
}

async function gatewayOf(config: ConfigInput) {
  const gateway = await startGateway(config);
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return gateway;
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-listeners-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "gateway.sock");
}

it("serves one endpoint at all places, and closes them together", async () => {
  const socket = socketPath();
  const config = await configOf({ port: 0, also: [{ port: 0 }, { socket }] });
  const gateway = await gatewayOf(config);
  const [second = "", third] = gateway.alsoUrls;
  expect(third).toBe(`unix:${socket}:/mcp`);
  const overSocket = createPoster({ socketPath: socket });
  const posts = [
    () => createPoster()(gateway.url, "tools/call", call),
    () => createPoster()(second, "tools/call", call),
    () => overSocket("http://localhost/mcp", "tools/call", call),
  ];
  for (const post of posts) expect((await post()).status).toBe(200);
  await gateway.close();
  for (const post of posts) await expect(post()).rejects.toThrow();
});

it("counts the connections of all places together", async () => {
  const config = await configOf({ port: 0, also: [{ port: 0 }], maxConnections: 1 });
  const gateway = await gatewayOf(config);
  const [second = ""] = gateway.alsoUrls;
  expect((await createPoster()(gateway.url, "tools/call", call)).status).toBe(200);
  expect((await createPoster()(second, "tools/call", call)).status).toBe(503);
});

it("closes the others if one place is in use, and names it", async () => {
  const config = await configOf({ port: 0 });
  const other = await gatewayOf(config);
  const port = Number(new URL(other.url).port);
  const both = { ...config, listen: { port: 0, also: [{ port }] } };
  await expect(startGateway(both)).rejects.toThrow(/choose another port with listen\.also\[0\]/);
});

describe.skipIf(!hasOpenSSL)("with TLS at one place (needs openssl)", () => {
  it("renews the certificate of that place", async () => {
    const authority = createAuthority();
    const files = authority.issue("first");
    const config = await configOf({ port: 0, also: [{ port: 0, tls: files }] });
    const gateway = await gatewayOf(config);
    const [secure = ""] = gateway.alsoUrls;
    const ca = readFileSync(authority.ca, "utf8");
    expect((await createPoster({ ca })(secure, "tools/call", call)).status).toBe(200);
    const other = createAuthority();
    replaceCertificate(files, other.issue("second"));
    await gateway.reload(config);
    const trusting = createPoster({ ca: readFileSync(other.ca, "utf8") });
    expect((await trusting(secure, "tools/call", call)).status).toBe(200);
    expect((await createPoster()(gateway.url, "tools/call", call)).status).toBe(200);
  });
});
