/**
 * `node --import tsx bench/http2/measure-upstream.ts [rounds] [requests]`: the processor time of passing
 * a request through to an upstream over HTTP/2 and over HTTP/1.1, with TLS and without. Writes
 * bench/results/http2-upstream.md.
 */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Agent, request } from "undici";
import { machine, OtherPrograms } from "../machine.ts";

const [rounds = 5, count = 1500] = process.argv.slice(2).map(Number);
const others = new OtherPrograms();
const folder = mkdtempSync(join(tmpdir(), "lutra-http2-"));
const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
const files = ["-keyout", keyFile, "-out", certFile];
execFileSync("openssl", ["req", "-x509", ...newKey, "-days", "2", ...names, ...files], {
  stdio: "ignore",
});
const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
const answer = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  result: { resultType: "complete", content: [{ type: "text", text: "x".repeat(200) }] },
});
const seen = new Map<string, number>();
const respond = async (
  req: IncomingMessage | Http2ServerRequest,
  res: (ServerResponse | Http2ServerResponse) & { end: (text: string) => unknown },
) => {
  seen.set(req.httpVersion, (seen.get(req.httpVersion) ?? 0) + 1);
  await text(req);
  res.setHeader("content-type", "application/json");
  res.setHeader("content-length", answer.length);
  res.end(answer);
};
const upstreams = {
  encrypted: createSecureServer({ cert, key, allowHTTP1: true }, respond),
  h1: createServer(respond),
  h2: createHttp2Server(respond),
};
for (const upstream of Object.values(upstreams)) {
  await once(upstream.listen(0, "127.0.0.1"), "listening");
}
const portOf = (name: keyof typeof upstreams) => (upstreams[name].address() as AddressInfo).port;

const versions = ["h1", "h2"] as const;
const contenders = [true, false].flatMap((hasTls) =>
  [8, 32].flatMap((inFlight) =>
    versions.map((version) => ({ version, hasTls, inFlight, samples: [] as number[] })),
  ),
);
const fronts = await Promise.all(
  contenders.map(async ({ version, hasTls, inFlight }) => {
    const origin = hasTls
      ? `https://localhost:${portOf("encrypted")}`
      : `http://localhost:${portOf(version)}`;
    const child = fork(
      new URL("upstream-front.ts", import.meta.url),
      [origin, cert, version, String(inFlight)],
      { execArgv: ["--import", "tsx"] },
    );
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return { child, url: `http://127.0.0.1:${port}/mcp` };
  }),
);
for (const [index, { inFlight }] of contenders.entries()) await drive(index, inFlight, count);
for (let round = 0; round < rounds; round += 1) {
  for (const [index, { inFlight, samples }] of contenders.entries()) {
    const child = fronts[index]?.child as ChildProcess;
    const before = await cpuOf(child);
    await drive(index, inFlight, count);
    samples.push(((await cpuOf(child)) - before) / count);
  }
}
for (const { child } of fronts) child.disconnect();
for (const upstream of Object.values(upstreams)) upstream.close();
rmSync(folder, { recursive: true, force: true });

const undici = JSON.parse(
  readFileSync(new URL("../../node_modules/undici/package.json", import.meta.url), "utf8"),
).version;
const rows = contenders.map(({ version, hasTls, inFlight, samples }) => {
  const sorted = samples.toSorted((a, b) => a - b);
  const values = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)];
  const name = version === "h2" ? "HTTP/2, one connection" : "HTTP/1.1";
  return `| ${name} | ${hasTls ? "yes" : "no"} | ${inFlight} | ${values.map((value) => value?.toFixed(0)).join(" | ")} |`;
});
const page = `# HTTP/2 to an upstream

Processor time of a process that passes requests through with undici ${undici}, as a gateway does, to upstreams with TLS and without. ${rounds} rounds, each with ${count} requests of each row in turn, after as many that do not count. Requests by version of HTTP: ${[...seen].map(([version, sum]) => `${version} x ${sum}`).join(", ")}.

| version | TLS | in flight | processor time per request (µs), median | least | most |
| --- | --- | --: | --: | --: | --: |
${rows.join("\n")}

${machine(false)}. Other programs used ${Math.round(100 * (others.share() ?? 0))} % of the machine. Written by \`node --import tsx bench/http2/measure-upstream.ts\`.
`;
writeFileSync(new URL("../results/http2-upstream.md", import.meta.url), page);
console.log(page);
process.exit(0);

/** Sends requests through a front. */
async function drive(index: number, inFlight: number, total: number): Promise<void> {
  const dispatcher = new Agent({ connections: inFlight });
  let left = total;
  const send = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await request(fronts[index]?.url ?? "", {
        dispatcher,
        method: "POST",
        headers: { "content-type": "application/json", "mcp-method": "tools/call" },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}',
      });
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, send));
  await dispatcher.close();
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return user + system;
}
