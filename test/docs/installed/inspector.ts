/** The commands of README.md that start the MCP Inspector, run as they are printed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { serveHttp } from "lutra/node";
import type { Server } from "lutra/server";
// @ts-expect-error -- a script without declarations
import { nodeOf } from "../../../scripts/node-versions.mjs";
// @ts-expect-error -- a script without declarations
import { npm, root } from "../../../scripts/steps.mjs";
import { type Block, readBlocks } from "../../../tools/docs-blocks.ts";
import { freePort } from "../../stores/free-port.ts";
import type { Check } from "./check.ts";

const shownUrl = "http://127.0.0.1:3000/mcp";
/** Maximum time of a command, which may download the Inspector first, in milliseconds. */
const commandMs = 300_000;

/** Returns one check for each printed command. */
export async function inspectorChecks(): Promise<readonly Check[]> {
  const lines = blocksOfReadme().flatMap(({ shown }) => shown.split("\n").filter(Boolean));
  if (lines.length !== 2) throw new Error(`README.md: expected two commands, got ${lines.length}`);
  return lines.map((line) => ({
    page: "README.md",
    title: `\`${line}\``,
    run: () => withReadmeServer((url) => runLine(line, url)),
  }));
}

function blocksOfReadme(): readonly Block[] {
  return readBlocks(root).filter(({ path, command, language }) => {
    return path === "README.md" && command === "test:docs" && language === "sh";
  });
}

async function withReadmeServer<T>(use: (url: string) => Promise<T>): Promise<T> {
  const { default: server }: { default: Server } = await import(
    join(root, "examples/readme/server.ts")
  );
  const { url, close } = await serveHttp(server, { port: 0 });
  try {
    return await use(url);
  } finally {
    await close();
  }
}

function runLine(line: string, url: string): Promise<string> {
  const words = line.replace(shownUrl, url).split(" ").slice(1);
  return words.includes("--cli") ? listTools(words) : openPage(words, url);
}

async function listTools(words: readonly string[]): Promise<string> {
  const inspector = await start(words, {});
  const output = await inspector.ended;
  if (!output.includes('"name": "add"')) throw new Error(`expected the tool add, got ${output}`);
  return versionOf(words);
}

/** Expects that the command serves its page, and that the page knows the address of the server. */
async function openPage(words: readonly string[], url: string): Promise<string> {
  const port = await freePort();
  const env = {
    CLIENT_PORT: String(port),
    MCP_SANDBOX_PORT: String(await freePort()),
    MCP_AUTO_OPEN_ENABLED: "false",
  };
  const inspector = await start(words, env);
  try {
    const printed = await Promise.race([
      inspector.printed(/http:\/\/\S+/),
      inspector.ended.then((output) => Promise.reject(new Error(`the command ended: ${output}`))),
    ]);
    await expectKnown(new URL(printed), url);
    return versionOf(words);
  } finally {
    inspector.stop();
    await inspector.ended.catch(() => {});
  }
}

/** Expects a page at the printed URL, whose backend knows the server. */
async function expectKnown(printed: URL, url: string): Promise<void> {
  const page = await fetch(printed);
  if (page.status !== 200 || !(await page.text()).includes("<html")) {
    throw new Error(`${printed}: expected a page, got the status ${page.status}`);
  }
  const token = printed.searchParams.get("MCP_INSPECTOR_API_TOKEN");
  const headers = { "x-mcp-remote-auth": `Bearer ${token}` };
  const servers = await (await fetch(new URL("/api/servers", printed), { headers })).text();
  if (!servers.includes(url)) throw new Error(`expected the server ${url}, got ${servers}`);
}

async function versionOf([name = ""]: readonly string[]): Promise<string> {
  const output = await (await start([name, "--version"], {})).ended;
  return `inspector ${/\d+\.\d+\.\d+/.exec(output)?.[0]}`;
}

/** Starts `npx` on a Node that the Inspector supports, in an empty folder. */
async function start(words: readonly string[], env: { readonly [name: string]: string }) {
  const node: string = await nodeOf("24");
  const npx = join(dirname(npm()[1] ?? ""), "npx-cli.js");
  const folder = mkdtempSync(join(tmpdir(), "lutra-inspector-"));
  const child = spawn(node, [npx, "--yes", ...words], {
    cwd: folder,
    env: { ...process.env, ...env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const readers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const read of readers) read();
    });
  }
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  };
  const timer = setTimeout(stop, commandMs);
  const ended = once(child, "close").then(() => {
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true });
    return output;
  });
  const printed = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const read = () => {
        const [found] = pattern.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      };
      readers.add(read);
      read();
    });
  return { ended, printed, stop };
}
