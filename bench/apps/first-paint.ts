/**
 * `npm run bench -- apps`: the time from the result of a tool call to the first paint of its app, in
 * `<mcp-app>` and in the official `AppBridge`, alternating in one browser. Both hosts use the same client,
 * server, sandbox proxy and page. `--rounds 30` sets the number of rounds, `--write` keeps the table.
 */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { app, apps } from "lutra/apps";
import { createSandbox } from "lutra/apps/host";
import { createNodeHandler } from "lutra/node";
import { createServer as createLutraServer } from "lutra/server";
import { chromium, type Page } from "playwright-core";
import { z } from "zod";
import { writePage } from "../chaos/write-page.ts";
import { alternate, median, ratios } from "../statistics.ts";
import type { PaintedHost } from "./host-page.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "30" }, write: { type: "boolean" } },
});
const rounds = Number(values.rounds);

/** Each host with the cache of earlier rounds, and with an empty one. */
const contenders = [
  { host: "lutra", isCold: false },
  { host: "official", isCold: false },
  { host: "lutra", isCold: true },
  { host: "official", isCold: true },
] as const;
type Contender = (typeof contenders)[number];
const names = { lutra: "`<mcp-app>` of `lutra/apps/host`", official: "`AppBridge` of ext-apps" };
/** Rounds that fill caches, and do not count. */
const warmUps = 3;

const tool = app({
  tool: {
    name: "show",
    inputSchema: z.object({}),
    outputSchema: z.object({ name: z.string() }),
    call: () => ({ name: "Lisbon" }),
  },
  fallback: ({ name }) => name,
  resource: { html: await pageOf("view-page.ts", "<h1></h1>") },
});
const handler = createNodeHandler(
  createLutraServer({
    name: "bench",
    version: "1.0.0",
    tools: [tool.tool],
    resources: [tool.resource],
    extensions: [apps()],
    cache: { ttlMs: 3_600_000, cacheScope: "public" },
  }),
);
const hostDocument = await pageOf("host-page.ts", "<main></main>");
const host = await listen((req, res) => {
  if (req.url === "/mcp") return void handler(req, res);
  res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(hostDocument);
});
const origin = `http://127.0.0.1:${host.port}`;
const sandbox = await listen(createSandbox({ hosts: [origin] }).node);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const page = await browser.newPage();
  await page.goto(`${origin}/?sandbox=http://localhost:${sandbox.port}/`);
  for (let round = 0; round < warmUps; round += 1) {
    for (const contender of contenders) await paintedMs(page, contender);
  }
  const times = await alternate(contenders, rounds, (contender) => paintedMs(page, contender));
  writePage("apps", "First paint of an app", report(times));
} finally {
  await browser.close();
  await Promise.all([host.close(), sandbox.close()]);
}

/** Shows the app once. Resolves to the time from the result of the call to the first paint. */
function paintedMs(page: Page, { host: name, isCold }: Contender): Promise<number> {
  return page.evaluate(
    ([wanted, cold]) => {
      const { paint } = globalThis as unknown as { readonly paint: PaintedHost };
      return paint[wanted](cold);
    },
    [name, isCold] as const,
  );
}

function report(times: readonly (readonly number[])[]): string {
  const lines = contenders.map(({ host: name, isCold }, index) => {
    const own = times[index] ?? [];
    const sorted = own.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
    const cells = [names[name], isCold ? "empty" : "list and page", `${median(own).toFixed(1)} ms`];
    return `| ${cells.join(" | ")} | ${at(0.1)} to ${at(0.9)} ms |`;
  });
  const [warm, warmOfficial, cold, coldOfficial] = times as readonly (readonly number[])[];
  const ratio = (own: readonly number[] = [], other: readonly number[] = []) =>
    median(ratios(own, other)).toFixed(2);
  return [
    "Time from the result of `tools/call` in the page of the host to the first frame in which the page of the",
    "app shows it: loading proxy and view, the handshake, and the messages. Both hosts use the client of Lutra,",
    "the same sandbox proxy on another origin, and the same page.",
    "",
    `| host, ${rounds} alternating rounds | cache of the client | median | 10 % to 90 % |`,
    "| --- | --- | ---: | ---: |",
    ...lines,
    "",
    `Median of the ratios, round by round: ${ratio(warm, warmOfficial)} with the cache, ${ratio(cold, coldOfficial)} without.`,
  ].join("\n");
}

/** Returns a page with a bundled program of this folder. */
async function pageOf(program: string, body: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL(program, import.meta.url).pathname],
    bundle: true,
    write: false,
    minify: true,
    platform: "browser",
    format: "iife",
    target: "es2023",
    logLevel: "error",
  });
  const code = (outputFiles[0]?.text ?? "").replaceAll("</script", "<\\/script");
  return `<!doctype html><meta charset="utf-8"><title>Bench</title><body>${body}<script>${code}</script></body>`;
}

async function listen(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}
