/** Runs the `lutra` command in a terminal, which `script` of util-linux provides. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const folder = fileURLToPath(new URL("fixtures", import.meta.url));
const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));
export const hasScript: boolean = spawnSync("script", ["--version"]).status === 0;

export interface Terminal {
  readonly child: ChildProcess;
  /** Resolves to the next line that matches. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves when the output since the last match contains the text, which may end without a line. */
  readonly until: (text: string) => Promise<string>;
  readonly type: (keys: string) => void;
  readonly closed: Promise<unknown>;
}

/** Undefined variables change the colours that Node chooses. `script` starts the shell. */
const plainTerminal = {
  CI: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
  SHELL: "/bin/sh",
  TERM: "xterm",
};

export function inTerminal(words: string, env: NodeJS.ProcessEnv = {}, columns?: number): Terminal {
  // A shell that waits for the command would receive Ctrl-C too, and report 130.
  const size = columns === undefined ? "" : `stty cols ${columns} && `;
  const command = `${size}exec '${process.execPath}' '${program}' ${words}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, ...plainTerminal, ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let output = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
    for (const check of waiting) check();
  });
  const closed = once(child, "close");
  return {
    child,
    until: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const at = output.indexOf(text);
          if (at < 0) return;
          waiting.delete(check);
          resolve(output.slice(0, at));
          output = output.slice(at + text.length);
        };
        waiting.add(check);
        check();
        void closed.then(() => reject(new Error(`no ${text} in ${output}`)));
      }),
    line: async (pattern) => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`no line matches ${pattern}`);
        const found = pattern.exec(value);
        if (found !== null) return found;
      }
    },
    type: (keys) => child.stdin.write(keys),
    closed,
  };
}

export const ctrlC = "\u0003";
