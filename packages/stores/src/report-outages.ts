import { StoreUnavailableError } from "lutra/stores";

/** How long one report of an outage does for those that follow, in milliseconds. */
const quietMs = 10_000;

/** Reports errors, but an outage that makes everything fail only now and then. */
export function reportOutages(
  onError: (error: unknown) => void,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  let reportedAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (error instanceof StoreUnavailableError) {
      if (now() - reportedAt < quietMs) return;
      reportedAt = now();
    }
    onError(error);
  };
}
