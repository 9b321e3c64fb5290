import { isolate } from "lutra/internal";
import { StoreUnavailableError } from "lutra/stores";

/** Minimum time between two reports of an outage, in milliseconds. */
const quietMs = 10_000;

/** Returns a function that reports all errors, but limits reports of an ongoing outage. */
export function reportOutages(
  onError: (error: unknown) => void,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  const report = isolate(onError);
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (error instanceof StoreUnavailableError) {
      if (now() - reportedAt < quietMs) return;
      reportedAt = now();
    }
    report(error);
  };
}
