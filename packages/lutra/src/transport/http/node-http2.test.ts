import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type ClientHttp2Stream, connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Http2Connections } from "./node-http2.ts";
import { createWebServer } from "./node-listener.ts";
import { closeSlowReaders, type ReadingConnection } from "./node-readers.ts";

const hasOpenSSL = spawnSync("openssl", ["version"]).status === 0;
const large = Buffer.alloc(4_194_304, "x");

/** Creates a certificate for localhost, which is its own authority. */
function createCertificate() {
  const folder = mkdtempSync(join(tmpdir(), "lutra-http2-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...newKey, "-days", "2", ...names, ...files], {
    stdio: "ignore",
  });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** Starts a server whose responses are large, and connects to it. */
async function start(watch?: (connection: ReadingConnection) => void) {
  const tls = { ...createCertificate(), minVersion: "TLSv1.2" } as const;
  const http = createWebServer(tls, true);
  const connections = new Http2Connections(http, {
    handle: (_req, res) => void res.end(large),
    maxStreams: 100,
    onMalformed: () => {},
    watchReader: watch ?? closeSlowReaders(http, { stallMs: 200, checkMs: 20 }),
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void http.close());
  const { port } = http.address() as AddressInfo;
  const session = connect(`https://127.0.0.1:${port}`, { ca: tls.cert });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return { session, connections };
}

/** Reads some bytes, or all if there are fewer. */
async function read(stream: ClientHttp2Stream, max: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes >= max) break;
  }
  return bytes;
}

describe.skipIf(!hasOpenSSL)("connections with HTTP/2 (needs openssl)", () => {
  it("are closed if their clients do not read", async () => {
    const { session, connections } = await start();
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {});
    await once(stream, "response");
    expect(connections.busy()).toBe(1);
    await once(session, "close");
    await expect.poll(() => connections.busy()).toBe(0);
  });

  it("count the parts of a large chunk that their clients have read", async () => {
    const readers: ReadingConnection[] = [];
    const { session } = await start((reader) => void readers.push(reader));
    const stream = session.request({ ":path": "/" });
    await once(stream, "response");
    const [reader] = readers as [ReadingConnection];
    const sent = () => reader.bytesWritten - reader.writableLength;
    const before = sent();
    const first = await read(stream, 1_048_576);
    expect(reader.writableLength).toBe(large.length);
    expect(sent()).toBeGreaterThanOrEqual(before + 900_000);
    expect(first + (await read(stream, Number.POSITIVE_INFINITY))).toBe(large.length);
    expect(reader.writableLength).toBe(0);
  });
});
