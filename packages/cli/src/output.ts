/** Whether anybody still reads what this process prints. Node ignores SIGPIPE, so a write tells. */

/** What a shell shows of a program that ended since nobody read its output: 128 and SIGPIPE. */
export const unreadExitCode = 141;

/** The reader of a pipe is gone, or the terminal is. */
const closedCodes: ReadonlySet<unknown> = new Set(["EPIPE", "EIO"]);

let onClosed = () => {};

/** Resolves when nobody reads standard output or standard error any more. */
export const outputClosed: Promise<void> = new Promise((resolve) => {
  onClosed = resolve;
});

/** Notes it of this process from now on. No failed write ends the process at once. */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", noteOutputError);
}

/** Notes it where the error of a write says so; returns whether it does. */
export function noteOutputError(error: Error): boolean {
  const isClosed = closedCodes.has(Reflect.get(error, "code"));
  if (isClosed) onClosed();
  return isClosed;
}

/** Notes that a process found out which prints to the same place. */
export function noteOutputClosed(): void {
  onClosed();
}
