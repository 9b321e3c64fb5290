/** The outcome of one check of `lutra doctor`. */

/** `skipped`: an earlier problem, or missing credentials, prevented the check. */
export type FindingState = "ok" | "warning" | "problem" | "skipped";

export interface Finding {
  /** The name of the check, which stays the same between versions. */
  readonly check: string;
  readonly state: FindingState;
  readonly message: string;
  /** The measure that ends a warning or a problem. */
  readonly remedy?: string;
}

/** Creates the findings of one check. */
export function findingsOf(check: string) {
  return {
    ok: (message: string): Finding => ({ check, state: "ok", message }),
    skipped: (message: string): Finding => ({ check, state: "skipped", message }),
    warning: (message: string, remedy: string): Finding => ({
      check,
      state: "warning",
      message,
      remedy,
    }),
    problem: (message: string, remedy: string): Finding => ({
      check,
      state: "problem",
      message,
      remedy,
    }),
  };
}

/** Returns the message of an error, with the cause that `fetch` hides. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code === undefined || cause.message.includes(code)
    ? cause.message
    : `${cause.message} (${code})`;
}
