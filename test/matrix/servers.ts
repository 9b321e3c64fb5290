/** The servers of the matrix. */
import { fileURLToPath } from "node:url";
import { everythingPlan, ownPlan, type Plan } from "./plan.ts";
import { startProgram } from "./program.ts";

export interface MatrixServer {
  readonly id: string;
  readonly title: string;
  readonly plan: Plan;
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
];

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
