/** The output of replicas. In a terminal, each line begins with the label of its replica. */
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Readable } from "node:stream";
import { type Color, painterFor } from "./colors.ts";

/** Maximum number of characters of a line that wait for its end. */
const maxWaiting = 8192;

const labelColors: readonly Color[] = ["cyan", "magenta", "yellow", "blue", "green"];

const streams = ["stdout", "stderr"] as const;

/**
 * Returns the options for the process of a replica. It inherits an output that is not a terminal, so that
 * programs that read it get the lines as they are.
 */
export function outputOptions(): { readonly stdio: StdioOptions; readonly env: NodeJS.ProcessEnv } {
  const kinds = streams.map((name) => (process[name].isTTY ? "pipe" : "inherit"));
  // Without a terminal of their own, replicas would print no colours.
  const isColored = streams.every((name) => process[name].isTTY && process[name].hasColors());
  const { env } = process;
  return {
    stdio: ["inherit", ...kinds, "ipc"],
    env: isColored ? { FORCE_COLOR: "1", ...env } : env,
  };
}

/** Prints what a replica prints, with a label. Does nothing for inherited output. */
export function printLabelled(child: ChildProcess, number: number, label: string): void {
  const color = labelColors[(number - 1) % labelColors.length] as Color;
  for (const name of streams) {
    const out = process[name];
    const prefix = `${painterFor(out)(color, `[${label}]`)} `;
    const source = child[name];
    if (source !== null) labelLines(source, prefix, (text) => out.write(text));
  }
}

/** Calls `write` with complete lines, each with the prefix. Long lines are broken. */
export function labelLines(source: Readable, prefix: string, write: (text: string) => void): void {
  let waiting = "";
  source.setEncoding("utf8");
  source.on("data", (text: string) => {
    const lines = (waiting + text).split("\n");
    waiting = lines.pop() as string;
    if (waiting.length > maxWaiting) {
      lines.push(waiting);
      waiting = "";
    }
    if (lines.length > 0) write(lines.map((line) => `${prefix}${line}\n`).join(""));
  });
  source.on("end", () => {
    if (waiting !== "") write(`${prefix}${waiting}\n`);
  });
}
