/**
 * `npm run test:apps`: installs servers with apps from npm, and shows each in our host in Chromium: its
 * tool is called, its view rendered and used. Then shows our apps in the MCP Inspector. Prints the
 * tables and keeps them in `latest.md`. Arguments select by name (`inspector` for the second part);
 * the tables are then only printed. With `--shots FOLDER`, pictures are kept there. Ends with 1 when
 * an app does not work.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { type RequestListener, request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createClient } from "lutra/client";
import type { Tool } from "lutra/protocol";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../../scripts/steps.mjs";
import { freePort } from "../../stores/free-port.ts";
import { inspectorVersion, showInInspector } from "../inspector/inspector.ts";
import { type Example, examples, exampleVersion } from "./example-list.ts";
import { type HostPage, type Stage, startStage } from "./stage.ts";

/** Maximum time in which a server starts, in milliseconds. */
const startMs = 60_000;

const { values, positionals } = parseArgs({
  options: { shots: { type: "string" } },
  allowPositionals: true,
});
const chosen = examples.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
const folder = join(root, "node_modules/.cache/lutra/apps");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{ "private": true }');
const packages = chosen.map(({ name }) => `${packageOf(name)}@${exampleVersion}`);
if (packages.length > 0) {
  await installPackage("installing servers with apps", folder, ...packages);
}

const servers = new Map<string, Running>();
for (const { name } of chosen) servers.set(name, await start(name));
const listeners = [...servers].map(([name, { port }]) => [name, passTo(port)] as const);
// One of the views compiles code that a model has written.
const stage = await startStage(Object.fromEntries(listeners), { allowEval: true });
const rows: string[][] = [];
let hasFailed = false;
for (const example of chosen) {
  rows.push([
    packageOf(example.name),
    `\`${example.tool}\``,
    ...(await tryExample(stage, example)),
  ]);
  console.error(rows.at(-1)?.join("  "));
}
const isInspected = positionals.length === 0 || positionals.includes("inspector");
const inspected = isInspected ? await showInInspector(stage.browser, values.shots) : [];
for (const { cells, problem } of inspected) {
  console.error(cells.join("  "));
  if (problem !== undefined) hasFailed = true;
}
await stage.end();
for (const { child } of servers.values()) child.kill();
const page = pageOf();
console.log(page);
if (positionals.length === 0) writeFileSync(new URL("latest.md", import.meta.url), page);
process.exit(hasFailed ? 1 : 0);

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

function packageOf(name: string): string {
  return `@modelcontextprotocol/server-${name}`;
}

/** Starts a server, and waits until it lists its tools. */
async function start(name: string): Promise<Running> {
  const port = await freePort();
  const program = join(folder, "node_modules", packageOf(name), "dist/index.js");
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, [program], { env, stdio: "ignore" });
  const end = Date.now() + startMs;
  while (!(await fetch(`http://127.0.0.1:${port}/mcp`).catch(() => undefined))) {
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${name} did not start`);
    // time: a server of another package does not say when it listens
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { child, port };
}

/** Passes requests to a server, so that it has the origin of the host. */
function passTo(port: number): RequestListener {
  return (req, res) => {
    const { method, headers } = req;
    const host = `127.0.0.1:${port}`;
    const target = { host: "127.0.0.1", port, path: "/mcp", method, headers: { ...headers, host } };
    const out = request(target, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    out.on("error", () => res.destroy());
    res.on("close", () => out.destroy());
    req.pipe(out);
  };
}

/** Returns what was done, what the policy blocked, and the outcome. */
async function tryExample(stage: Stage, example: Example): Promise<string[]> {
  const opened = await stage.openPage();
  const blocked = new Set<string>();
  opened.page.on("console", (message) => {
    // The proxy detects by this URL whether it has a policy.
    if (message.text().includes("data:text/html,")) return;
    const [, directive] = /Content Security Policy directive: "(\S+)/.exec(message.text()) ?? [];
    if (directive !== undefined) blocked.add(directive);
  });
  try {
    const done = await use(opened, example);
    const requests = await requestsOf(opened);
    return [done, requests, [...blocked].join(", "), "yes"];
  } catch (error) {
    const { limitation } = example;
    if (limitation !== undefined) return ["", "", [...blocked].join(", "), `no: ${limitation}`];
    hasFailed = true;
    const [reason] = String(error).split("\n");
    return ["", "", [...blocked].join(", "), `**no**: ${reason?.slice(0, 200)}`];
  } finally {
    await picture(opened, example.name);
    await opened.page.context().close();
  }
}

async function use({ run, view }: HostPage, { name, tool, use }: Example): Promise<string> {
  const args = await defaultsOf(name, tool);
  await run((host, opening) => host.open(opening), { server: name, tool, arguments: args });
  return use(view);
}

/** The defaults of the arguments, which these servers have so that models can leave them out. */
async function defaultsOf(name: string, tool: string): Promise<Record<string, unknown>> {
  const client = createClient(`http://127.0.0.1:${servers.get(name)?.port}/mcp`);
  const { tools } = await client.listTools();
  await client.close();
  const { inputSchema } = tools.find((entry) => entry.name === tool) as Tool;
  const properties = (inputSchema.properties ?? {}) as Record<
    string,
    { readonly default?: unknown }
  >;
  const withDefault = Object.entries(properties).filter(
    ([, schema]) => schema.default !== undefined,
  );
  return Object.fromEntries(withDefault.map(([key, schema]) => [key, schema.default]));
}

/** The methods of the requests that the view has sent. */
async function requestsOf({ run }: HostPage): Promise<string> {
  const methods = await run(
    ({ records }) =>
      records.flatMap(({ from, method }) => (from === "view" && method ? [method] : [])),
    undefined,
  );
  const requests = methods.filter((method) => !method.includes("notifications/"));
  return [...new Set(requests)].map((method) => `\`${method}\``).join(", ");
}

async function picture({ page }: HostPage, name: string): Promise<void> {
  if (values.shots === undefined) return;
  mkdirSync(values.shots, { recursive: true });
  await page.screenshot({ path: join(values.shots, `${name}.png`) }).catch(() => {});
}

function pageOf(): string {
  const heads = ["server", "tool", "used", "requests of the view", "blocked by", "works"];
  const inspectedHeads = ["server", "tool", "connected as", "used", "works"];
  return `# Apps from npm in our host

Run on ${new Date().toISOString().slice(0, 10)} with ${stage.browser.version()} of Chromium. Written by \`npm run test:apps\`.

Each server (version ${exampleVersion}) is listed by a client in the page of the host. Its tool is called, and its view is rendered in \`<mcp-app>\` behind the sandbox proxy (with \`allowEval\`, which threejs needs), and used. The machine has no access to the internet. “Blocked by” has the directives of the policy that stopped something.

${tableOf(heads, rows)}

## Our apps in the MCP Inspector

Each app is opened in the page of the Inspector ${inspectorVersion} from npm, which has a sandbox of its own, and used there.

${tableOf(
  inspectedHeads,
  inspected.map(({ cells }) => cells),
)}
`;
}

function tableOf(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
