/**
 * What a server process writes to `stderr`: passed on, and its end remembered for the message that
 * says why the process is gone.
 *
 * @spec basic/transports/stdio
 */
import { createLineReader } from "./lines.ts";

/**
 * Where a server's `stderr` goes: to this process's own, nowhere, or line by line to a function.
 * Output on `stderr` does not mean that something went wrong.
 */
export type StderrOption = "inherit" | "ignore" | ((line: string) => void);

export interface StderrLog {
  readonly push: (chunk: Uint8Array) => void;
  /** Takes the end of one process's output. */
  readonly end: () => void;
  /** Takes a line that belongs on `stderr` but did not come from there. */
  readonly pushLine: (line: Uint8Array) => void;
  /** The last lines, oldest first. */
  readonly lastLines: () => readonly string[];
}

const keptLines = 10;
/** Longer lines are left out. */
const maxLineBytes = 64 * 1024;

export function createStderrLog(option: StderrOption): StderrLog {
  const decoder = new TextDecoder();
  const last: string[] = [];

  const reader = createLineReader({
    onLine: (bytes) => {
      const line = decoder.decode(bytes);
      last.push(line);
      if (last.length > keptLines) last.shift();
      if (typeof option === "function") option(line);
    },
    onTooLong: () => {},
    maxLineBytes,
  });
  const passOn = (chunk: Uint8Array): void => {
    if (option === "inherit") process.stderr.write(chunk);
  };

  return {
    push: (chunk) => {
      passOn(chunk);
      reader.push(chunk);
    },
    end: reader.end,
    pushLine: (line) => {
      const chunk = new Uint8Array(line.length + 1).fill(0x0a);
      chunk.set(line);
      passOn(chunk);
      reader.push(chunk);
    },
    lastLines: () => [...last],
  };
}
