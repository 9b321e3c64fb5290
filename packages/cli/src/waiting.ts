/** Messages about the reason why a command has not ended yet. */
import { notice } from "./notice.ts";

const remedy = "Ctrl-C again ends at once";

/** Time after which the wait is reported, in milliseconds. */
const slowMs = 2000;

/** Reports the calls that have not ended when a command stops. */
export function reportCalls(calls: number): void {
  notice(`waiting for ${calls} ${calls === 1 ? "call" : "calls"}; ${remedy}`);
}

/** Waits for a promise, and reports what it waits for if that takes long. */
export async function reportWait<T>(what: string, ending: Promise<T>): Promise<T> {
  const timer = setTimeout(() => notice(`waiting for ${what}; ${remedy}`), slowMs);
  try {
    return await ending;
  } finally {
    clearTimeout(timer);
  }
}
