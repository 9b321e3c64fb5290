import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

/** The `lutra` command without a shell, so that the process id is its own. */
export function lutraCommand(...args: readonly string[]): {
  readonly command: string;
  readonly args: readonly string[];
} {
  return { command: process.execPath, args: [bin, ...args] };
}

export interface RunningLutra {
  readonly url: string;
  readonly pid: number;
  /** Interrupts the process, as Ctrl-C does, and waits for its end. */
  readonly close: () => Promise<void>;
}

/** Starts `lutra serve` or `lutra up` and waits until it listens. */
export async function startLutra(...args: readonly string[]): Promise<RunningLutra> {
  const { command, args: all } = lutraCommand(...args);
  const child = spawn(command, all, { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const output: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      output.push(`${line}\n`);
      const found = /^listening on (\S+)$/.exec(line);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.on("exit", (code) => {
      reject(new Error(`lutra ${args.join(" ")}: exit ${code}\n${output.join("")}`));
    });
  });
  return {
    url,
    pid: child.pid as number,
    close: async () => {
      child.kill("SIGINT");
      await exited;
    },
  };
}
