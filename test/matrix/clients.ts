/** The clients of the matrix. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
// @ts-expect-error -- a script without declarations
import { nodeOf } from "../../scripts/node-versions.mjs";
import { folderOf, installBeside } from "./installed.ts";

export interface MatrixClient {
  readonly id: string;
  readonly title: string;
  /** The file in `clients/`. */
  readonly program: string;
  /** The argument of the program. */
  readonly mode?: string;
  /** The package to install beside the program. Without it, those of this repository serve. */
  readonly packages?: readonly string[];
  /** The major version of Node, where the package does not run on all. */
  readonly node?: string;
  /** False for one that only connects to URLs. */
  readonly hasStdio?: false;
}

const inspector = "@modelcontextprotocol/inspector@2.12.0";
const official1 = "@modelcontextprotocol/sdk@1.32.0";

export const clients: readonly MatrixClient[] = [
  { id: "lutra", title: "Lutra, auto", program: "lutra.mjs", mode: "auto" },
  ...["2025-11-25", "2025-06-18", "2025-03-26"].map((version) => ({
    id: `lutra-${version}`,
    title: `Lutra, ${version}`,
    program: "lutra.mjs",
    mode: version,
  })),
  { id: "official-1", title: "official SDK 1.32", program: "official-1.mjs" },
  {
    id: "official-2",
    title: "official SDK 2.4.0, default",
    program: "official-2.mjs",
    mode: "default",
  },
  {
    id: "official-2-auto",
    title: "official SDK 2.4.0, auto",
    program: "official-2.mjs",
    mode: "auto",
  },
  {
    id: "inspector",
    title: "Inspector 2.12.0, default",
    program: "inspector.mjs",
    mode: "default",
    packages: [inspector],
    node: "24",
  },
  {
    id: "inspector-modern",
    title: "Inspector 2.12.0, modern",
    program: "inspector.mjs",
    mode: "modern",
    packages: [inspector],
    node: "24",
  },
  { id: "ai-sdk-1", title: "@ai-sdk/mcp 1", program: "ai-sdk.mjs", packages: ["@ai-sdk/mcp@1"] },
  {
    id: "ai-sdk-2",
    title: "@ai-sdk/mcp 2",
    program: "ai-sdk.mjs",
    packages: ["@ai-sdk/mcp@2"],
    node: "24",
  },
  { id: "mcpc", title: "mcpc 0.2.6", program: "mcpc.mjs", packages: ["@apify/mcpc@0.2.6"] },
  {
    id: "mcporter",
    title: "mcporter 0.12.3",
    program: "mcporter.mjs",
    packages: ["mcporter@0.12.3"],
    node: "24",
  },
  {
    id: "mcp-use",
    title: "mcp-use 1.34.6",
    program: "mcp-use.mjs",
    packages: ["mcp-use@1.34.6", "langchain@1"],
  },
  {
    id: "langchain",
    title: "@langchain/mcp-adapters 1.1.4",
    program: "langchain.mjs",
    packages: ["@langchain/mcp-adapters@1.1.4"],
  },
  {
    id: "mastra",
    title: "@mastra/mcp 2.0.0",
    program: "mastra.mjs",
    packages: ["@mastra/mcp@2.0.0", "@mastra/core@1.71.0", "zod@4"],
    node: "24",
  },
  {
    id: "mcp-remote",
    title: "mcp-remote 0.15.1",
    program: "mcp-remote.mjs",
    packages: ["mcp-remote@0.15.1", official1],
    hasStdio: false,
  },
];

const programs = fileURLToPath(new URL("clients", import.meta.url));

/** Installs a client, and returns the command that runs its program. */
export async function commandOf(client: MatrixClient): Promise<readonly string[]> {
  const { id, program, mode = "", packages = [], node } = client;
  const command: string = node === undefined ? process.execPath : await nodeOf(node);
  if (packages.length === 0) return [command, join(programs, program), mode];
  await installBeside(client, packages, programs);
  return [command, join(folderOf(id), program), mode];
}
