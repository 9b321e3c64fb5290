/** TLS on the listener of a gateway, and to its upstreams. */
import { readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import {
  type Authority,
  type CertificateFiles,
  createAuthority,
  hasOpenSSL,
  replaceCertificate,
} from "./fixtures/certificates.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { createPoster } from "./fixtures/posting.ts";
import { startGateway } from "./gateway.ts";

const quiet = { admin: false, log: false, drainMs: 60_000 } as const;
const call = { name: "echo", arguments: {} };

async function gatewayOf(config: ConfigInput) {
  const notices: string[] = [];
  const gateway = await startGateway(config, { notice: (line) => notices.push(line) });
  onTestFinished(() => gateway.close());
  return { ...gateway, notices, port: Number(new URL(gateway.url).port) };
}

/** Starts a gateway with TLS before a server without. */
async function secureGateway(authority: Authority, more: Partial<ConfigInput["listen"]> = {}) {
  const upstream = await startPlainServer();
  const files = authority.issue("gateway");
  const config: ConfigInput = {
    ...quiet,
    listen: { port: 0, tls: files, ...more },
    upstreams: { plain: { url: `http://127.0.0.1:${upstream.port}/mcp`, verify: "upstream" } },
  };
  const ca = readFileSync(authority.ca, "utf8");
  return { ...(await gatewayOf(config)), config, files, upstream, ca };
}

/** Opens a connection, and resolves once its handshake is complete. */
async function handshake(port: number, ca: string): Promise<TLSSocket> {
  const socket = connectTls({ host: "127.0.0.1", port, ca });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
  });
  return socket;
}

const nameOn = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

describe.skipIf(!hasOpenSSL)("a listener with TLS (needs openssl)", () => {
  it("serves over https, and tells upstreams so", async () => {
    const gateway = await secureGateway(createAuthority());
    expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/mcp$/);
    const post = createPoster({ ca: gateway.ca });
    expect((await post(gateway.url, "tools/call", call)).status).toBe(200);
    expect(gateway.upstream.lastHeaders()["x-forwarded-proto"]).toBe("https");
  });

  it("refuses versions of TLS before minVersion", async () => {
    const authority = createAuthority();
    const tls = { ...authority.issue("strict"), minVersion: "TLSv1.3" } as const;
    const { url, ca } = await secureGateway(authority, { tls });
    const old = createPoster({ ca, maxVersion: "TLSv1.2" });
    await expect(old(url)).rejects.toThrow(/protocol version/);
    expect((await createPoster({ ca })(url)).status).toBe(200);
  });

  describe("with clientCa", () => {
    async function guarded() {
      const [authority, ofClients] = [createAuthority(), createAuthority()];
      const tls = { ...authority.issue("gateway"), clientCa: ofClients.ca };
      return { ...(await secureGateway(authority, { tls })), ofClients };
    }
    const read = ({ cert, key }: CertificateFiles) => ({
      cert: readFileSync(cert, "utf8"),
      key: readFileSync(key, "utf8"),
    });

    it("serves clients with a certificate of the authority", async () => {
      const { url, ca, ofClients } = await guarded();
      const post = createPoster({ ca, ...read(ofClients.issue("agent")) });
      expect((await post(url, "tools/call", call)).status).toBe(200);
    });

    it.each([
      ["without a certificate", () => ({})],
      ["with a certificate of another authority", () => read(createAuthority().issue("agent"))],
      ["with an expired one", (own: Authority) => read(own.issue("agent", { days: -1 }))],
    ] as const)("lets no client connect %s", async (_what, certificateOf) => {
      const { url, ca, ofClients, upstream } = await guarded();
      const post = createPoster({ ca, ...certificateOf(ofClients) });
      await expect(post(url, "tools/call", call)).rejects.toThrow();
      expect(upstream.lastHeaders()["mcp-method"]).not.toBe("tools/call");
    });

    it("accepts another authority after a reload", async () => {
      const { url, ca, ofClients, reload, config } = await guarded();
      const other = createAuthority();
      const post = createPoster({ ca, ...read(other.issue("agent")) });
      await expect(post(url)).rejects.toThrow();
      writeFileSync(ofClients.ca, readFileSync(other.ca));
      await reload(config);
      expect((await post(url)).status).toBe(200);
    });

    it("can't begin or end to require certificates in a reload", async () => {
      const { reload, config, files } = await guarded();
      const open = { ...config, listen: { port: 0, tls: files } };
      await expect(reload(open)).rejects.toThrow(
        /^listen\.tls: expected "certificates, also of clients"/,
      );
    });

    it("names a file without certificates", async () => {
      const authority = createAuthority();
      const files = authority.issue("gateway");
      const config: ConfigInput = {
        ...quiet,
        listen: { port: 0, tls: { ...files, clientCa: files.key } },
        upstreams: { a: { url: "http://127.0.0.1:9/mcp" } },
      };
      await expect(startGateway(config)).rejects.toThrow(
        "listen.tls.clientCa: expected certificates of authorities in PEM: it contains none",
      );
    });
  });

  it("uses a new certificate for new connections, and drops none", async () => {
    const authority = createAuthority();
    const { files, port, ca, url, reload, config } = await secureGateway(authority);
    const post = createPoster({ ca });
    await post(url);
    const before = await handshake(port, ca);
    replaceCertificate(files, authority.issue("renewed"));
    await reload(config);
    expect(nameOn(await handshake(port, ca))).toBe("renewed");
    expect(nameOn(before)).toBe("gateway");
    expect(before.destroyed).toBe(false);
    expect((await post(url)).status).toBe(200);
  });

  it.each([
    ["no certificate", "cert", "none", /listen\.tls\.cert: expected a certificate in PEM/],
    ["another key", "key", undefined, /listen\.tls\.key: expected the private key of the cert/],
  ] as const)(
    "keeps its certificate when the new file has %s",
    async (_what, key, text, message) => {
      const authority = createAuthority();
      const { files, port, ca, reload, config } = await secureGateway(authority);
      const other = () => readFileSync(authority.issue("other").key, "utf8");
      writeFileSync(files[key], text ?? other());
      await expect(reload(config)).rejects.toThrow(message);
      expect(nameOn(await handshake(port, ca))).toBe("gateway");
    },
  );

  it("names a file that can't be read", async () => {
    const tls = { cert: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    const config: ConfigInput = {
      ...quiet,
      listen: { port: 0, tls },
      upstreams: { a: { url: "http://127.0.0.1:9/mcp" } },
    };
    await expect(startGateway(config)).rejects.toThrow(
      "configuration: listen.tls.cert: expected a readable file (ENOENT)\n" +
        "configuration: listen.tls.key: expected a readable file (ENOENT)",
    );
  });

  it("can't begin or end to use TLS in a reload", async () => {
    const { config, reload } = await secureGateway(createAuthority());
    const plain = { ...config, listen: { port: 0 } };
    await expect(reload(plain)).rejects.toThrow(/^listen\.tls: expected "certificates"/);
  });

  it("closes connections without TLS, and serves others", async () => {
    const { port, url, ca } = await secureGateway(createAuthority());
    const answer = new Promise((resolve, reject) => {
      httpRequest({ port, host: "127.0.0.1" }, resolve).once("error", reject).end();
    });
    await expect(answer).rejects.toThrow(/hang up|ECONNRESET/);
    expect((await createPoster({ ca })(url)).status).toBe(200);
  });

  it("closes connections beyond maxConnections, and serves those within", async () => {
    const { port, url, ca } = await secureGateway(createAuthority(), { maxConnections: 1 });
    const first = await handshake(port, ca);
    await expect(handshake(port, ca)).rejects.toThrow(/disconnected|ECONNRESET/);
    const closed = new Promise((resolve) => first.once("close", resolve));
    first.resume().end();
    await closed;
    await vi.waitFor(async () => expect((await createPoster({ ca })(url)).status).toBe(200));
  });

  it("waits for no handshake when it closes", async () => {
    const { port, close } = await secureGateway(createAuthority());
    const silent = connectTcp(port, "127.0.0.1");
    const closed = new Promise((resolve) => silent.once("close", resolve));
    await new Promise((resolve) => silent.once("connect", resolve));
    silent.on("error", () => {}).resume();
    await close();
    await closed;
    expect(silent.destroyed).toBe(true);
  });

  it("closes idle connections before drainMs has passed", async () => {
    const { port, ca, close } = await secureGateway(createAuthority());
    const idle = await handshake(port, ca);
    const ended = new Promise((resolve) => idle.once("close", resolve));
    idle.resume();
    await close();
    await ended;
    expect(idle.destroyed).toBe(true);
  });
});

describe.skipIf(!hasOpenSSL)("an upstream with TLS (needs openssl)", () => {
  /** Starts a gateway before a server whose certificate the authority has issued. */
  async function before(
    authority: Authority,
    tls: NonNullable<ConfigInput["upstreams"][string]["tls"]>,
    issued: Parameters<Authority["issue"]>[1] & { readonly clientCa?: string } = {},
    verify: "upstream" | "gateway" = "upstream",
  ) {
    const { cert, key } = authority.issue("server", issued);
    const { clientCa } = issued;
    const upstream = await startPlainServer({
      tls: {
        cert: readFileSync(cert),
        key: readFileSync(key),
        ...(clientCa && { ca: readFileSync(clientCa), requestCert: true }),
      },
    });
    const url = `https://127.0.0.1:${upstream.port}/mcp`;
    const health = { failures: 1 };
    const gateway = await gatewayOf({
      ...quiet,
      listen: { port: 0 },
      upstreams: { secure: { url, tls, verify, health } },
    });
    return { ...gateway, post: createPoster(), upstream };
  }

  it.each(["upstream", "gateway"] as const)(
    "is served with the authority of tls.ca where the %s compares headers",
    async (verify) => {
      const authority = createAuthority();
      const { post, url } = await before(authority, { ca: authority.ca }, {}, verify);
      expect((await post(url, "tools/call", call)).status).toBe(200);
    },
  );

  it("is served under another name with tls.servername", async () => {
    const authority = createAuthority();
    const tls = { ca: authority.ca, servername: "mcp.example" };
    const { post, url } = await before(authority, tls, { names: "DNS:mcp.example" });
    expect((await post(url, "tools/call", call)).status).toBe(200);
  });

  it("accepts the certificate of the gateway", async () => {
    const authority = createAuthority();
    const tls = { ca: authority.ca, ...authority.issue("client") };
    const { post, url } = await before(authority, tls, { clientCa: authority.ca });
    expect((await post(url, "tools/call", call)).status).toBe(200);
  });

  it("answers 502 if the upstream requires a certificate and none is configured", async () => {
    const authority = createAuthority();
    const issued = { clientCa: authority.ca };
    const { post, url } = await before(authority, { ca: authority.ca }, issued);
    expect((await post(url, "tools/call", call)).status).toBe(502);
  });

  it.each([
    ["an unknown authority", {}, "the certificate is of an unknown authority", false],
    ["an expired certificate", { days: -1 }, "the certificate has expired", true],
    [
      "a certificate for another name",
      { names: "DNS:other.example" },
      "the certificate is for another name; set tls.servername",
      true,
    ],
  ] as const)("answers 502 and reports %s", async (_what, issued, reason, isKnown) => {
    const authority = createAuthority();
    const ca = isKnown ? authority.ca : createAuthority().ca;
    const { notices, post, url } = await before(authority, { ca }, issued);
    const { status, body } = await post(url, "tools/call", call);
    expect(status).toBe(502);
    expect(body.error).toMatchObject({
      code: -32603,
      message: "The certificate of the upstream, or the handshake with it, was not accepted",
      data: { upstream: "secure" },
    });
    expect(notices.join("\n")).toContain(
      `upstream "secure" is out, no replica is available: TLS: ${reason}`,
    );
  });
});
