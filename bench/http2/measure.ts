/**
 * `node --import tsx bench/http2/measure.ts [rounds] [requests]`: the processor time of a gateway for a request over HTTP/2
 * and over HTTP/1.1, both with TLS. Writes bench/results/http2.md.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { Agent, request } from "undici";
import { machine, OtherPrograms } from "../machine.ts";

const [rounds = 5, requestsPerRound = 3000] = process.argv.slice(2).map(Number);
const warmUp = Math.ceil(requestsPerRound / 2);
const others = new OtherPrograms();

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "echo",
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
  "mcp-name": "echo",
};

interface Contender {
  readonly name: string;
  readonly connections: number;
  readonly inFlight: number;
  readonly allowH2: boolean;
}

const contenders: readonly Contender[] = [8, 32].flatMap((inFlight) => [
  { name: "HTTP/1.1", connections: inFlight, inFlight, allowH2: false },
  { name: "HTTP/2", connections: 1, inFlight, allowH2: true },
]);

const folder = mkdtempSync(join(tmpdir(), "lutra-http2-"));
const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
execFileSync(
  "openssl",
  ["req", "-x509", ...newKey, "-days", "2", ...names, "-keyout", key, "-out", cert],
  { stdio: "ignore" },
);
const echo = defineTool({ name: "echo", inputSchema: { type: "object" }, call: () => "echo" });
const server = createServer({ name: "upstream", version: "1.0.0", tools: [echo] });
const upstream = await serveHttp(server, { port: 0 });
const gateway = fork(new URL("gateway.ts", import.meta.url), [upstream.url, cert, key], {
  execArgv: ["--import", "tsx"],
});
try {
  const [{ url, ca }] = (await once(gateway, "message")) as [{ url: string; ca: string }];
  const samples = new Map<Contender, number[]>(contenders.map((one) => [one, []]));
  const rates = new Map<Contender, number[]>(contenders.map((one) => [one, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      const { cpuMicros, perSecond } = await measure(contender, { url, ca, gateway });
      samples.get(contender)?.push(cpuMicros);
      rates.get(contender)?.push(perSecond);
    }
  }
  const rows = contenders.map((one) => {
    const cpu = median(samples.get(one) ?? []);
    const rate = median(rates.get(one) ?? []);
    return `| ${one.name} | ${one.connections} | ${one.inFlight} | ${cpu.toFixed(0)} | ${rate.toFixed(0)} |`;
  });
  const text = `# HTTP/2 at the listener of a gateway

Processor time of the gateway's process for one call of a tool that is forwarded unread, with TLS on the listener and HTTP/1.1 to the upstream. Rounds: ${rounds}, each with ${requestsPerRound} requests after ${warmUp} that do not count; the values are medians. The client and the upstream share another process, so rates are those of all three together.

| version | connections | in flight | processor time per request (µs) | requests per second |
| --- | --: | --: | --: | --: |
${rows.join("\n")}

${machine(false)}. Other programs used ${Math.round(100 * (others.share() ?? 0))} % of the machine. Written by \`node --import tsx bench/http2/measure.ts\`.
`;
  writeFileSync(new URL("../results/http2.md", import.meta.url), text);
  console.log(text);
} finally {
  gateway.disconnect();
  await once(gateway, "exit");
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
}

interface Target {
  readonly url: string;
  readonly ca: string;
  readonly gateway: ChildProcess;
}

async function measure(
  { connections, inFlight, allowH2 }: Contender,
  { url, ca, gateway }: Target,
) {
  const dispatcher = new Agent({
    allowH2,
    connections,
    connect: { ca, ...(allowH2 && { ALPNProtocols: ["h2"] }) },
    pipelining: allowH2 ? inFlight : 1,
  });
  const send = async () => {
    const answer = await request(url, { dispatcher, method: "POST", headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`);
  };
  const run = async (count: number) => {
    let left = count;
    const drive = async () => {
      while (left > 0) {
        left -= 1;
        await send();
      }
    };
    await Promise.all(Array.from({ length: inFlight }, drive));
  };
  await run(warmUp);
  const before = await cpuOf(gateway);
  const startedAt = performance.now();
  await run(requestsPerRound);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await cpuOf(gateway);
  await dispatcher.close();
  return {
    cpuMicros: (after - before) / requestsPerRound,
    perSecond: requestsPerRound / seconds,
  };
}

async function cpuOf(gateway: ChildProcess): Promise<number> {
  gateway.send("cpu");
  const [{ user, system }] = (await once(gateway, "message")) as [NodeJS.CpuUsage];
  return user + system;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
