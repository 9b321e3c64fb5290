/** TLS on the admin listener of a gateway. */
import { readFileSync } from "node:fs";
import { Agent, type buildConnector, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import {
  type CertificateFiles,
  createAuthority,
  hasOpenSSL,
  replaceCertificate,
} from "../fixtures/certificates.ts";
import { startGateway } from "../gateway.ts";

async function gatewayOf(tls: NonNullable<Exclude<ConfigInput["admin"], false>>["tls"]) {
  const config: ConfigInput = {
    admin: { port: 0, tls },
    log: false,
    listen: { port: 0 },
    upstreams: { a: { url: "http://127.0.0.1:9/mcp" } },
  };
  const gateway = await startGateway(config, { notice: () => {} });
  onTestFinished(() => gateway.close());
  return { ...gateway, config };
}

/** Reads a path over a connection of its own. */
async function read(url: string, connect: buildConnector.BuildOptions) {
  const dispatcher = new Agent({ connect });
  onTestFinished(() => dispatcher.destroy());
  const { statusCode, body } = await request(url, { dispatcher });
  return { status: statusCode, text: await body.text() };
}

const contents = ({ cert, key }: CertificateFiles) => ({
  cert: readFileSync(cert, "utf8"),
  key: readFileSync(key, "utf8"),
});

describe.skipIf(!hasOpenSSL)("an admin listener with TLS (needs openssl)", () => {
  it("serves over https only", async () => {
    const authority = createAuthority();
    const { adminUrl = "" } = await gatewayOf(authority.issue("admin"));
    const ca = readFileSync(authority.ca, "utf8");
    expect(adminUrl).toMatch(/^https:/);
    expect(await read(`${adminUrl}/healthz`, { ca })).toEqual({ status: 200, text: "ok\n" });
    await expect(read(`${adminUrl.replace("https:", "http:")}/healthz`, {})).rejects.toThrow();
  });

  it("lets only clients with a certificate connect with clientCa", async () => {
    const [authority, ofOperators] = [createAuthority(), createAuthority()];
    const tls = { ...authority.issue("admin"), clientCa: ofOperators.ca };
    const { adminUrl } = await gatewayOf(tls);
    const ca = readFileSync(authority.ca, "utf8");
    const own = contents(ofOperators.issue("operator"));
    expect((await read(`${adminUrl}/metrics`, { ca, ...own })).status).toBe(200);
    await expect(read(`${adminUrl}/metrics`, { ca })).rejects.toThrow();
    const other = contents(createAuthority().issue("operator"));
    await expect(read(`${adminUrl}/metrics`, { ca, ...other })).rejects.toThrow();
  });

  it("uses a new certificate after a reload", async () => {
    const [authority, next] = [createAuthority(), createAuthority()];
    const files = authority.issue("admin");
    const { adminUrl, reload, config } = await gatewayOf(files);
    replaceCertificate(files, next.issue("renewed"));
    await reload(config);
    const ca = readFileSync(next.ca, "utf8");
    expect((await read(`${adminUrl}/healthz`, { ca })).status).toBe(200);
    const old = readFileSync(authority.ca, "utf8");
    await expect(read(`${adminUrl}/healthz`, { ca: old })).rejects.toThrow();
  });

  it("can't begin or end to use TLS in a reload", async () => {
    const { reload, config } = await gatewayOf(createAuthority().issue("admin"));
    await expect(reload({ ...config, admin: { port: 0 } })).rejects.toThrow(/^admin: expected/);
  });

  it("names a file that can't be used", async () => {
    const tls = { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    await expect(gatewayOf(tls)).rejects.toThrow(
      "configuration: admin.tls.cert: expected a readable file (ENOENT)",
    );
  });
});
