/** The progress of a request, as one line of standard error that is replaced. */
import type { Progress } from "lutra/protocol";
import { clipTo, plainLine } from "./plain-text.ts";

export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  /** Removes the line, before other output. */
  readonly clear: () => void;
}

const barColumns = 20;
/** The shortest time between two drawings, in milliseconds. */
const redrawMs = 50;

/** Creates the line. Nothing is shown without a terminal. */
export function createProgressLine(
  stream: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write"> = process.stderr,
): ProgressLine {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  let isShown = false;
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    show: (progress) => {
      const isLast = progress.total !== undefined && progress.progress >= progress.total;
      const now = performance.now();
      if (now - drawnAt < redrawMs && !isLast) return;
      drawnAt = now;
      isShown = true;
      // The last column stays free, because some terminals then begin a new line.
      stream.write(`\r\u001b[K${clipTo(progressText(progress), (stream.columns || 80) - 1)}`);
    },
    clear: () => {
      if (isShown) stream.write("\r\u001b[K");
      isShown = false;
    },
  };
}

/** Returns a bar if the total is known, otherwise the number. */
function progressText({ progress, total, message }: Progress): string {
  const text = message === undefined ? "" : ` ${plainLine(message)}`;
  if (total === undefined || !(total > 0)) return `${progress}${text}`;
  const share = Math.min(1, Math.max(0, progress / total));
  const full = Math.round(share * barColumns);
  const bar = `${"█".repeat(full)}${"░".repeat(barColumns - full)}`;
  return `${bar} ${Math.floor(share * 100)} %${text}`;
}
