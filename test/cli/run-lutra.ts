/** Runs the `lutra` command and reads its output. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));

export interface RunningLutra {
  readonly child: ChildProcess;
  /** The lines of standard output so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves to the first matching line of either stream that no earlier call has returned. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves to the exit code, or the signal that ended the process. */
  readonly exited: Promise<number | string>;
  /** Resolves when the process and its children have ended. */
  readonly closed: Promise<void>;
}

const running = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all([...running].map((child) => new Promise((end) => child.once("close", end))));
});

/** An argument, or variables to add to the environment. */
type Argument = string | { readonly [variable: string]: string };

/** Starts the command in the folder of the fixtures. */
export function runLutra(...all: readonly Argument[]): RunningLutra {
  return runNode(program, ...all);
}

/** Starts a program in TypeScript that prints the same lines as the command. */
export function runProgram(file: string, ...all: readonly Argument[]): RunningLutra {
  return runNode("--import", "tsx", file, ...all);
}

function runNode(...all: readonly Argument[]): RunningLutra {
  return runNodeIn(fileURLToPath(new URL("fixtures", import.meta.url)), ...all);
}

/** Starts Node in a folder. */
export function runNodeIn(cwd: string, ...all: readonly Argument[]): RunningLutra {
  const args = all.filter((each) => typeof each === "string");
  const env = Object.assign({}, process.env, ...all.filter((each) => typeof each !== "string"));
  const child = spawn(process.execPath, args, { cwd, env });
  running.add(child);
  const stdout: string[] = [];
  const stderr: string[] = [];
  const unread: string[] = [];
  const waiting = new Set<() => void>();
  for (const [stream, lines] of [
    [child.stdout, stdout],
    [child.stderr, stderr],
  ] as const) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      unread.push(line);
      for (const check of waiting) check();
    });
  }
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      running.delete(child);
      resolve();
    });
  });

  return {
    child,
    stdout,
    stderr,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          for (const [index, line] of unread.entries()) {
            const found = pattern.exec(line);
            if (found === null) continue;
            unread.splice(index, 1);
            waiting.delete(check);
            resolve(found);
            return;
          }
        };
        waiting.add(check);
        check();
        void closed.then(() => reject(new Error([...stdout, ...stderr].join("\n"))));
      }),
    exited: new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
    }),
    closed,
  };
}

export interface RunningServer extends RunningLutra {
  readonly url: string;
}

/** Starts the command at a free port and waits until it listens. */
export function startLutra(...args: readonly Argument[]): Promise<RunningServer> {
  return untilListening(runLutra(...args, "--port", "0"));
}

/** Waits until a command listens. */
export async function untilListening<Lutra extends RunningLutra>(
  lutra: Lutra,
): Promise<Lutra & RunningServer> {
  const [, url = ""] = await lutra.line(/^listening on ((?:https?|unix):\S+)$/);
  return { ...lutra, url };
}

/** Stops the command, and waits until its children have ended. */
export async function endLutra({ child, exited, closed }: RunningLutra): Promise<void> {
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
  await closed;
}
