/**
 * `npm run test:popular`: puts servers over stdio from npm behind `lutra gateway`, one after the
 * other, and lists and calls their tools with a client of the current revision. Prints the table and
 * keeps it in `popular.md`. Arguments select by name; the table is then only printed. Ends with 1 when
 * a server has not answered.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient, isProtocolError } from "lutra/client";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../scripts/steps.mjs";
import { writeConfig } from "../gateway/config-file.ts";
import { type PopularServer, popularServers } from "./popular-servers.ts";
import { startProgram } from "./program.ts";

/** Maximum time for one request, in milliseconds. Some servers try to reach the internet first. */
const requestMs = 60_000;
const lutra = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

const asked = process.argv.slice(2);
const rows: string[][] = [];
let hasFailed = false;
for (const server of popularServers) {
  if (asked.length > 0 && !asked.includes(server.name)) continue;
  const cells = await tryServer(server).catch((error: Error) => {
    hasFailed = true;
    return ["", "", `**no**: ${error.message.split("\n")[0]?.slice(0, 200)}`];
  });
  rows.push([server.name, server.version, ...cells]);
  console.error(rows.at(-1)?.join("  "));
}
const page = pageOf();
console.log(page);
if (asked.length === 0) writeFileSync(new URL("popular.md", import.meta.url), page);
process.exit(hasFailed ? 1 : 0);

/** Returns the revision, the number of tools, and the outcome of the call. */
async function tryServer(server: PopularServer): Promise<string[]> {
  const file = await writeConfig({
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { one: { command: await commandOf(server), cwd: folderOf(server) } },
  });
  const gateway = await startProgram([lutra, "gateway", file.path]);
  const client = createClient(gateway.url, { era: "modern", timeoutMs: requestMs });
  try {
    const { tools } = await client.listTools();
    return [String(tools.length), `\`${server.tool}\``, await call(client, server)];
  } finally {
    await client.close();
    await gateway.close();
    await file.remove();
  }
}

/** Calls the tool. An error of the server is an answer, too. */
async function call(client: Client, { tool, input = {} }: PopularServer): Promise<string> {
  try {
    const { isError } = await client.callTool(tool, input);
    return isError ? "yes, an error of the tool" : "yes";
  } catch (error) {
    if (isProtocolError(error) && error.peer) return "yes, an error of the server";
    throw error;
  }
}

/** Installs a server, and returns the command that starts it. */
async function commandOf(server: PopularServer): Promise<[string, ...string[]]> {
  const { name, version, args = [] } = server;
  const folder = folderOf(server);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  await installPackage(`installing ${name}`, folder, `${name}@${version}`);
  const installed = join(folder, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const file = typeof bin === "string" ? bin : Object.values<string>(bin)[0];
  return [process.execPath, join(installed, file ?? ""), ...args];
}

function folderOf({ name }: PopularServer): string {
  return join(root, "node_modules/.cache/lutra/popular", name.replace("/", "-"));
}

function pageOf(): string {
  const lines = [
    ["server", "version", "tools", "call", "answered"],
    ["---", "---", "---:", "---", "---"],
    ...rows,
  ];
  return `# Servers over stdio behind the gateway

Run on ${new Date().toISOString().slice(0, 10)} on Node ${process.versions.node}. Written by \`npm run test:popular\`.

Each server is an upstream of \`lutra gateway\`, and answers a client of revision 2026-07-28, which lists its tools and calls one. The machine has no access to the internet, so that tools which need it answer with an error of their own.

${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}
`;
}
