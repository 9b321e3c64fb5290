import type { ExitCode } from "./exit-codes.ts";

/** An error that the user can correct. The program prints its message without a stack. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  /** 2 for an invalid command line, otherwise 1. */
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
