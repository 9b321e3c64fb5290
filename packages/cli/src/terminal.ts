/** Detects that the terminal of this process was closed. */
import { isatty } from "node:tty";

const streams = [0, 1, 2].filter((fd) => isatty(fd));

/** True once the terminal is closed. Its file descriptors then no longer refer to a terminal. */
export function hasLostTerminal(): boolean {
  return streams.some((fd) => !isatty(fd));
}
