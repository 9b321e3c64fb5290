import { isThenable } from "./chain.ts";

/**
 * Wraps a callback of the application so that its errors do not reach the code that calls it, where
 * they would end an exchange, a subscription or the process.
 *
 * @param failed Called with what the callback throws, and with what its promise rejects with. @default
 *   writes to `console.error`
 */
export function isolate<Args extends readonly unknown[]>(
  callback: (...args: Args) => unknown,
  failed: (thrown: unknown) => void = reportFailure,
): (...args: Args) => void {
  return (...args) => {
    try {
      const outcome = callback(...args);
      if (isThenable(outcome)) outcome.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
}

function reportFailure(thrown: unknown): void {
  try {
    console.error("lutra: a callback failed:", thrown);
  } catch {
    // An error can throw while it is printed.
    console.error("lutra: a callback failed with an error that can't be printed");
  }
}
