/**
 * Starts the command of a stdio server, on every platform.
 *
 * @spec basic/transports/stdio
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "cross-spawn";
import { childEnvironment } from "./environment.ts";

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
 * Starts a process with pipes. On Windows, `cross-spawn` finds scripts by `PATHEXT` and runs them
 * with `cmd.exe`, with every argument escaped. Node itself starts only `.exe` and `.com` files there.
 */
export function spawnCommand(command: StdioCommand): ChildProcessWithoutNullStreams {
  return spawn(command.command, [...(command.args ?? [])], {
    cwd: command.cwd,
    env: childEnvironment(command.env),
    stdio: "pipe",
    windowsHide: true,
  });
}
