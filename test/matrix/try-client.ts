/** One cell of the matrix: a client program in front of a server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Target } from "./places.ts";
import type { Plan } from "./plan.ts";

/** Maximum time of a client program, in milliseconds. */
const clientMs = 180_000;

/** The outcome of each feature: `yes`, or the reason. `connect` is there when connecting failed. */
export type Outcomes = ReadonlyMap<string, string>;

/** Runs a client program. */
export async function tryClient(
  [command = "", ...args]: readonly string[],
  task: { readonly target: Target; readonly plan: Plan },
): Promise<Outcomes> {
  const [program = "", mode = ""] = args;
  const child = spawn(command, [program, JSON.stringify(task), mode], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), clientMs);
  const outcomes = new Map<string, string>();
  let problem = "";
  createInterface(child.stderr).on("line", (line) => {
    problem = line;
  });
  const lines = createInterface(child.stdout);
  const read = once(lines, "close");
  lines.on("line", (line) => {
    if (!line.startsWith('{"feature":')) return;
    const { feature, outcome } = JSON.parse(line) as { feature: string; outcome: string };
    outcomes.set(feature, outcome);
  });
  await exited;
  await read;
  clearTimeout(timer);
  if (outcomes.size === 0) outcomes.set("connect", problem || "the program has ended");
  return outcomes;
}
