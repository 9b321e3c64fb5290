/** Detects by a failed write that the output is no longer read, because Node ignores SIGPIPE. */
import type { ExitCode } from "./exit-codes.ts";

/** The exit code that shells report for a program that was ended by SIGPIPE: 128 + 13. */
export const unreadExitCode: ExitCode = 141;

/** Errors of a pipe without a reader, and of a closed terminal. */
const closedCodes: ReadonlySet<unknown> = new Set(["EPIPE", "EIO"]);

let onClosed = () => {};

/** Resolves when standard output or standard error is no longer read. */
export const outputClosed: Promise<void> = new Promise((resolve) => {
  onClosed = resolve;
});

/**
 * Starts to watch the output of this process. From then on, failed writes do not end the process.
 * Repeated calls have no further effect.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", reportOutputError).on("error", reportOutputError);
  }
}

/** Resolves `outputClosed` if the error means that the output is closed. Returns true if it does. */
export function reportOutputError(error: Error): boolean {
  const isClosed = closedCodes.has(Reflect.get(error, "code"));
  if (isClosed) onClosed();
  return isClosed;
}

/** Resolves `outputClosed` after another process with the same output has found it closed. */
export function reportOutputClosed(): void {
  onClosed();
}
