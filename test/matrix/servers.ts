/** The servers of the matrix. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outputOf } from "../runtimes/programs.ts";
import { freePort } from "../stores/free-port.ts";
import { folderOf, installBeside } from "./installed.ts";
import { everythingPlan, ownPlan, type Plan } from "./plan.ts";
import { startProgram } from "./program.ts";

export interface MatrixServer {
  readonly id: string;
  readonly title: string;
  readonly plan: Plan;
  /** The packages to install beside its program. Without it, those of this repository serve. */
  readonly packages?: readonly string[];
  /** The ids of the clients that are tried. Default: all */
  readonly clients?: RegExp;
  /** False for one that only serves HTTP. */
  readonly hasStdio?: false;
  /** Prepares the program once its packages are installed. */
  readonly build?: () => Promise<void>;
  /** The command over stdio. */
  readonly command: readonly string[];
  /** Starts the server over HTTP. */
  readonly serve: () => Promise<{ readonly url: string; readonly close: () => Promise<void> }>;
  /** True for one that opens with `initialize` only. */
  readonly isLegacy: boolean;
}

const everything = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

const programs = fileURLToPath(new URL("servers", import.meta.url));

export const servers: readonly MatrixServer[] = [
  own("lutra", "Lutra", { ...ownPlan, tasks: { tool: "later", text: "done later" } }),
  { ...own("official-1", "official SDK 1.32", ownPlan), isLegacy: true },
  own("official-2", "official SDK 2.4.0", ownPlan),
  {
    id: "everything",
    title: "server-everything",
    plan: everythingPlan,
    command: [process.execPath, everything, "stdio"],
    serve: () => startProgram([everything, "streamableHttp"], { port: true }),
    isLegacy: true,
  },
  {
    ...foreign("tmcp", "tmcp 1.20.0", pick("tools", "resources", "elicitation", "progress")),
    packages: [
      "tmcp@1.20.0",
      "@tmcp/transport-http@0.9.0",
      "@tmcp/transport-stdio@0.5.0",
      "@tmcp/adapter-zod@0.1.7",
      "zod@4",
    ],
  },
  {
    ...foreign("mcp-handler", "mcp-handler 2.4.0", pick("tools", "resources", "progress")),
    packages: ["mcp-handler@2.4.0", "@modelcontextprotocol/server@2.4.0", "zod@4"],
    hasStdio: false,
  },
  xmcp(),
];

/** Installs the packages of a server, if it needs any. */
export async function prepareServer(server: MatrixServer): Promise<void> {
  if (server.packages === undefined) return;
  await installBeside(server, server.packages, programs);
  await server.build?.();
}

function pick(...features: readonly (keyof typeof ownPlan)[]): Plan {
  return Object.fromEntries(features.map((feature) => [feature, ownPlan[feature]]));
}

/** A server of other authors, in a program that is copied beside its packages. */
function foreign(id: string, title: string, plan: Plan): MatrixServer {
  const file = join(folderOf(id), `${id}.mjs`);
  return {
    id,
    title,
    plan,
    clients: /^lutra|^official/,
    command: [process.execPath, file, "--stdio"],
    serve: () => startProgram([file]),
    isLegacy: false,
  };
}

/** xmcp compiles a project. */
function xmcp(): MatrixServer {
  const project = join(folderOf("xmcp"), "xmcp");
  const program = join(folderOf("xmcp"), "node_modules/xmcp/dist/cli.js");
  return {
    ...foreign("xmcp", "xmcp 1.1.3", pick("tools", "resources")),
    packages: ["xmcp@1.1.3", "@xmcp-dev/compiler@1.1.3", "zod@4", "swc-loader@0.2.6"],
    build: async () => {
      // Its output is CommonJS.
      writeFileSync(join(project, "package.json"), '{ "private": true }');
      const env = { XMCP_PORT: String(await freePort()) };
      await outputOf({ command: [process.execPath, program, "build"], cwd: project, env });
    },
    command: [process.execPath, join(project, "dist/stdio.js")],
    serve: () => startProgram([join(project, "dist/http.js")]),
  };
}

function own(id: string, title: string, plan: Plan): MatrixServer {
  const file = fileURLToPath(new URL(`servers/${id}.ts`, import.meta.url));
  const tsx = import.meta.resolve("tsx");
  const args = ["--import", tsx, file];
  return {
    id,
    title,
    plan,
    command: [process.execPath, ...args, "--stdio"],
    serve: () => startProgram(args),
    isLegacy: false,
  };
}
