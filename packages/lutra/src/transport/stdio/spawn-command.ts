/**
 * Starts the command of a stdio server, on every platform.
 *
 * @spec basic/transports/stdio
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "cross-spawn";
import { isObject } from "../../protocol/json.ts";
import { requireArray } from "../../protocol/known-members.ts";
import { childEnvironment } from "./environment.ts";
import { groupOptions } from "./process-group.ts";

/** A command that starts a server. */
export interface StdioCommand {
  /**
   * The name of a program in `PATH`, or its path. On Windows it may also be a script such as
   * `npx`, which is a `.cmd` file there.
   */
  readonly command: string;
  /** Passed as they are; no shell expands them. */
  readonly args?: readonly string[];
  /**
   * Variables for the server, in addition to a short list that most programs need (`PATH`, `HOME`,
   * `LANG` and similar). Nothing else of this process's environment is inherited, because it may
   * contain secrets. Pass `process.env` to inherit everything.
   */
  readonly env?: { readonly [name: string]: string | undefined };
  /** The working directory of the server. @default that of this process */
  readonly cwd?: string;
}

/**
 * Checks a command. A line for a shell is refused, because no shell reads it.
 *
 * @throws {TypeError} with the form that is expected
 */
export function requireCommand(value: unknown): void {
  if (!isObject(value) || typeof value.command !== "string" || value.command === "") {
    throw new TypeError(
      'command: expected an object such as { command: "node", args: ["server.js"] }',
    );
  }
  requireArray("args", value.args ?? [], "string");
}

/**
 * Starts a process with pipes, in a process group of its own. On Windows, `cross-spawn` finds scripts by `PATHEXT` and runs them
 * with `cmd.exe`, with every argument escaped. Node itself starts only `.exe` and `.com` files there.
 */
export function spawnCommand(command: StdioCommand): ChildProcessWithoutNullStreams {
  return spawn(command.command, [...(command.args ?? [])], {
    cwd: command.cwd,
    env: childEnvironment(command.env),
    stdio: "pipe",
    windowsHide: true,
    ...groupOptions,
  });
}
