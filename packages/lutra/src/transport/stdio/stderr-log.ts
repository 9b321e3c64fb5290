/**
 * The `stderr` of a server process. It is forwarded, and its last lines are kept for the error
 * message after an exit.
 *
 * @spec basic/transports/stdio
 */
import { isolate } from "../../protocol/isolate.ts";
import { createLineReader } from "./lines.ts";

/**
 * Destination of a server's `stderr`: that of this process, none, or a function that is called with
 * each line. Output on `stderr` does not mean that an error occurred.
 */
export type StderrOption = "inherit" | "ignore" | ((line: string) => void);

export interface StderrLog {
  readonly push: (chunk: Uint8Array) => void;
  /** Ends the output of one process. */
  readonly end: () => void;
  /** Adds a line that the server printed to `stdout` although it belongs on `stderr`. */
  readonly pushLine: (line: Uint8Array) => void;
  /** Returns the last lines, oldest first. */
  readonly lastLines: () => readonly string[];
}

const keptLines = 10;
/** Maximum size of a line; longer ones are not kept. */
const maxLineBytes = 64 * 1024;

export function createStderrLog(option: StderrOption): StderrLog {
  const decoder = new TextDecoder();
  const last: string[] = [];
  const report = typeof option === "function" ? isolate(option) : undefined;

  const reader = createLineReader({
    onLine: (bytes) => {
      const line = decoder.decode(bytes);
      last.push(line);
      if (last.length > keptLines) last.shift();
      report?.(line);
    },
    onTooLong: () => {},
    maxLineBytes,
  });
  const forward = (chunk: Uint8Array): void => {
    if (option === "inherit") process.stderr.write(chunk);
  };

  return {
    push: (chunk) => {
      forward(chunk);
      reader.push(chunk);
    },
    end: reader.end,
    pushLine: (line) => {
      const chunk = new Uint8Array(line.length + 1).fill(0x0a);
      chunk.set(line);
      forward(chunk);
      reader.push(chunk);
    },
    lastLines: () => [...last],
  };
}
