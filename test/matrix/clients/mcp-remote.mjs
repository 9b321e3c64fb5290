/** `mcp-remote`, which serves a URL over stdio, in front of an official client of version 1. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { answers, tryFeatures } from "./harness.mjs";
import { officialFeatures } from "./official.mjs";

const folder = join(import.meta.dirname, "node_modules/mcp-remote");
const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const home = mkdtempSync(join(tmpdir(), "lutra-mcp-remote-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

const { tools, resources, elicitation, progress, cancel } = officialFeatures(
  (client, name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
);

await tryFeatures({
  connect: async (target) => {
    const info = { name: "official-1", version: "1" };
    const client = new Client(info, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => answers.elicitation);
    const args = [join(folder, bin["mcp-remote"]), target.url, "--allow-http"];
    const env = { ...process.env, HOME: home, MCP_REMOTE_CONFIG_DIR: home };
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args, env, stderr: "ignore" }),
    );
    return client;
  },
  close: (client) => client.close(),
  features: { tools, resources, elicitation, progress, cancel },
});
