/**
 * `npm run test:remote`: signs in with `mcp-remote`, which npm installs into the cache folder, to a protected
 * server and to a gateway with the same authorization server, and calls a tool of each. Prints the answers;
 * ends with 1 when one of them is wrong.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { startProtectedPair } from "../sign-in/protected-pair.ts";
import { signInAs } from "../sign-in/scripted-user.ts";
import { clients, commandOf } from "./clients.ts";

const remote = clients.find(({ id }) => id === "mcp-remote");
if (remote === undefined) throw new Error("expected mcp-remote among the clients");
const [, program = ""] = await commandOf(remote);
const proxy = join(dirname(program), "node_modules/mcp-remote/dist/proxy.js");

const pair = await startProtectedPair();
const expected = [
  { name: "a protected server", url: pair.server.url, tool: "whoami", text: `${pair.issuer} ann` },
  { name: "a gateway", url: pair.gatewayUrl, tool: "hello", text: "hello" },
];
let hasFailed = false;
for (const { name, url, tool, text } of expected) {
  const answer = await callThrough(url, tool).catch((error: unknown) => String(error));
  const isRight = answer === text;
  hasFailed ||= !isRight;
  console.log(`${remote.title} at ${name}: ${isRight ? "signed in, and called" : answer} ${tool}`);
}
await pair.close();
process.exit(hasFailed ? 1 : 0);

/** Calls a tool through the proxy, whose user signs in at the page that it prints. */
async function callThrough(url: string, tool: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "lutra-mcp-remote-"));
  // Without programs on the path, no browser is opened.
  const env = { HOME: home, MCP_REMOTE_CONFIG_DIR: home, PATH: home };
  const stderr = new PassThrough();
  const transport = new StdioClientTransport({
    ...{ command: process.execPath, args: [proxy, url, "--allow-http"], env, stderr: "pipe" },
  });
  transport.stderr?.pipe(stderr);
  const log: string[] = [];
  let isOpened = false;
  createInterface(stderr).on("line", (line) => {
    log.push(line);
    const text = log.join("\n");
    const [page] = /http:\/\/127\.0\.0\.1:\d+\/auth\?\S+/.exec(text) ?? [];
    // It shows the page before it listens for the return of the user.
    if (isOpened || page === undefined || !text.includes("callback server running")) return;
    isOpened = true;
    // Without a sign-in, the connection fails, and shows the log.
    signInAs("ann", page).catch((error: unknown) => log.push(String(error)));
  });
  const client = new Client({ name: "official", version: "1.0.0" });
  try {
    await client.connect(transport);
    const { content } = await client.callTool({ name: tool });
    return (content as readonly { readonly text: string }[])[0]?.text ?? "";
  } catch (error) {
    throw new Error(`${error}\n${log.join("\n")}`, { cause: error });
  } finally {
    await client.close();
    // A client that did not connect does not end the program.
    await transport.close();
    await rm(home, { recursive: true, force: true });
  }
}
