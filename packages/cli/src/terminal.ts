/** Whether the terminal that this process was started at is gone. */
import { isatty } from "node:tty";

const streams = [0, 1, 2].filter((fd) => isatty(fd));

/** True after its window was closed: then a terminal no longer answers as one. */
export function hasLostTerminal(): boolean {
  return streams.some((fd) => !isatty(fd));
}
