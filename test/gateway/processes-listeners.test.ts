/** The kinds of listeners and endpoints of a gateway with two processes, and processes that fail. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { Agent, request } from "undici";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  createAuthority,
  hasOpenSSL,
  replaceCertificate,
} from "../../packages/gateway/src/fixtures/certificates.ts";
import { startLoad } from "./load.ts";
import { readyProcess, startTwoProcesses, temporaryFolder, twoConnections } from "./processes.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

let upstream: RecordingUpstream;
beforeAll(async () => {
  upstream = await startRecordingUpstream("only");
  return () => upstream.close();
});

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "who",
    arguments: {},
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});
const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "who",
};

/** Calls the tool over a connection of its own. Resolves to the status. */
async function call(url: string, ca: string, more: { readonly [name: string]: string } = {}) {
  const dispatcher = new Agent({ connect: { ca } });
  onTestFinished(() => dispatcher.destroy());
  const options = { dispatcher, method: "POST", headers: { ...headers, ...more }, body } as const;
  const answer = await request(url, options);
  await answer.body.dump();
  return answer.statusCode;
}

/** Calls the tool twice over one connection of HTTP/2. Resolves to the statuses. */
async function callOverHttp2(url: string, ca: string) {
  const session = connectHttp2(url, { ca });
  onTestFinished(() => session.destroy());
  const ask = () =>
    new Promise<unknown>((resolve, reject) => {
      const stream = session.request({ ":method": "POST", ":path": "/mcp", ...headers });
      stream.on("response", (response) => resolve(response[":status"]));
      stream.on("error", reject);
      stream.resume().end(body);
    });
  return Promise.all([ask(), ask()]);
}

/** Calls the tool over a socket, after what a proxy sends first. Resolves to the status line. */
function callOverSocket(port: number, first: string): Promise<string> {
  const head = Object.entries({ host: "localhost", ...headers, "content-length": body.length });
  const lines = head.map(([name, value]) => `${name}: ${value}`);
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => resolve("closed"));
    socket.on("data", (data) => resolve(String(data).split("\r\n")[0] ?? ""));
    socket.write(`${first}POST /mcp HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  });
}

function callOverUnixSocket(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      socketPath,
      path: "/mcp",
      method: "POST",
      headers: { ...headers, host: "localhost" },
    });
    sent.on("response", (response) => resolve(response.resume().statusCode));
    sent.on("error", reject);
    sent.end(body);
  });
}

it.skipIf(!hasOpenSSL)(
  "two processes serve HTTP/2, the PROXY protocol, Unix sockets, endpoints with callers, and TLS for operators (needs openssl)",
  async () => {
    const folder = temporaryFolder();
    const [socket, file] = [join(folder, "gateway.sock"), join(folder, "access.log")];
    const tokensFile = join(folder, "callers");
    const token = "ada-0123456789abcdef0123456789abcdef";
    writeFileSync(tokensFile, `ada ${token}\n`, { mode: 0o600 });
    const [authority, next] = [createAuthority(), createAuthority()];
    const operators = authority.issue("operators");
    const ca = readFileSync(authority.ca, "utf8");
    const config: ConfigInput = {
      listen: {
        port: 0,
        tls: authority.issue("clients"),
        http2: true,
        trustedProxies: ["127.0.0.1"],
        also: [{ port: 0, proxyProtocol: true }, { socket }],
      },
      admin: { port: 0, tls: operators },
      log: { file },
      upstreams: { only: { url: upstream.url } },
      routes: [{ to: "only" }],
      endpoints: { staff: { path: "/staff", auth: { tokensFile }, routes: [{ to: "only" }] } },
    };
    const gateway = await startTwoProcesses(config);
    const [, proxied = ""] = await gateway.line(/also listening on (http:\S+)/);
    const [, admin = ""] = await gateway.line(/health and metrics on (\S+)/);

    // Two connections of each kind, so that each process gets one.
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await callOverHttp2(gateway.url, ca)).toEqual([200, 200]);
      const first = `PROXY TCP4 203.0.113.${turn} 127.0.0.1 4711 80\r\n`;
      const { port } = new URL(proxied);
      expect(await callOverSocket(Number(port), first)).toBe("HTTP/1.1 200 OK");
      expect(await callOverSocket(Number(port), "")).toBe("closed");
      expect(await callOverUnixSocket(socket)).toBe(200);
      const staff = gateway.url.replace("/mcp", "/staff");
      expect(await call(staff, ca)).toBe(401);
      expect(await call(staff, ca, { authorization: `Bearer ${token}` })).toBe(200);
    }
    const lines = () =>
      (existsSync(file) ? readFileSync(file, "utf8") : "")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await expect.poll(() => lines().filter(({ status }) => status === 200).length).toBe(10);
    expect(lines().filter(({ endpoint }) => endpoint === "staff")).toHaveLength(4);
    expect(lines().filter(({ principal }) => principal === "ada")).toHaveLength(2);
    const addresses = new Set(lines().map(({ address }) => address));
    expect(addresses).toContain("203.0.113.0");
    expect(addresses).toContain("203.0.113.1");

    // Operators get a renewed certificate without a restart.
    const healthz = (trusted: string) => {
      const dispatcher = new Agent({ connect: { ca: trusted } });
      onTestFinished(() => dispatcher.destroy());
      return request(new URL("/healthz", admin), { dispatcher });
    };
    const before = await healthz(ca);
    expect([before.statusCode, await before.body.text()]).toEqual([200, "ok\n"]);
    replaceCertificate(operators, next.issue("renewed"));
    gateway.child.kill("SIGHUP");
    await gateway.line(/: reloaded$/);
    const after = await healthz(readFileSync(next.ca, "utf8"));
    expect([after.statusCode, await after.body.text()]).toEqual([200, "ok\n"]);
    await expect(healthz(ca)).rejects.toThrow();
  },
);

describe("a process that hangs", () => {
  it("is killed and replaced, and the other one serves meanwhile", async () => {
    const gateway = await startTwoProcesses({
      listen: { port: 0 },
      admin: false,
      log: false,
      processes: { silentMs: 3000 },
      upstreams: { only: { url: upstream.url } },
      endpoints: { named: { path: "/named", routes: [{ to: "only" }] } },
    });
    // Without routes of its own, the gateway has the URL of its first endpoint.
    expect(new URL(gateway.url).pathname).toBe("/named");
    const [hung = 0] = gateway.pids;
    process.kill(hung, "SIGSTOP");
    const [kept, other] = twoConnections(gateway.url);
    const answered = Promise.all(
      [kept, other].map((client) => client.ask("tools/call", { name: "who", arguments: {} })),
    ).catch(() => "broken");
    await gateway.line(/process \d has not answered for 3 s, and is killed/);
    await gateway.line(new RegExp(`process \\d died \\(SIGKILL, pid ${hung}\\); restarting`));
    expect(await readyProcess(gateway)).not.toBe(hung);
    await answered;
    const load = startLoad(gateway.url, "who", 4);
    for (let turn = 0; turn < 4; turn += 1) await load.until("only");
    expect((await load.stop()).failures).toEqual([]);
  });
});
