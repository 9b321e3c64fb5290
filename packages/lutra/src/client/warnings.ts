/** Warnings that a server can cause, limited in number and length. */

/** Maximum number of warnings within a minute. */
const maxWarnings = 100;
const perMs = 60_000;
/** Maximum length of a warning, which can contain names that the server chose. */
const maxLength = 1000;

type Report = (message: string, cause?: unknown) => void;

/** Limits the warnings that reach `report`. The first that is dropped is announced. */
export function limitWarnings(report: Report): Report {
  let startedAt = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (message, cause) => {
    const now = performance.now();
    if (now - startedAt >= perMs) {
      startedAt = now;
      count = 0;
    }
    count += 1;
    if (count <= maxWarnings) report(clip(message), cause);
    else if (count === maxWarnings + 1) report("too many warnings; more are dropped for a minute");
  };
}

/** Returns a message of limited length, as a copy that does not retain the whole. */
export function clip(message: string): string {
  if (message.length <= maxLength) return message;
  return `${[...message.slice(0, maxLength)].join("")}…`;
}
