/** A failure that whoever started the command can mend: shown as its message, without a stack. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  /** 2 for a command line that makes no sense, 1 for everything else. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
