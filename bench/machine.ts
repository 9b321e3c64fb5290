/** The machine of the bench, and its use by other programs. */
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { isPinned } from "./contender.ts";

/** Describes the machine and the time of the measurement. */
export function machine(arePinned = isPinned): string {
  const all = cpus();
  const pinned = arePinned ? "servers on the first core, load on the second" : "cores not assigned";
  const date = new Date().toISOString().slice(0, 16).replace("T", " ");
  return (
    `${all.length} cores (${all[0]?.model.trim() ?? "unknown"}), ${pinned}; ` +
    `Node ${process.version}, ${process.platform} ${release()}; ${date} UTC`
  );
}

/** The share of the machine used by other programs since `watch` was created. */
export class OtherPrograms {
  readonly #start: Times | undefined = times();

  /** From 0 to 1; `undefined` where the system does not report it. */
  share(): number | undefined {
    const now = times();
    if (now === undefined || this.#start === undefined) return undefined;
    const busy = now.busy - this.#start.busy;
    const own = now.own - this.#start.own;
    return Math.max(0, busy - own) / (now.all - this.#start.all);
  }
}

/** Clock ticks. */
interface Times {
  readonly all: number;
  readonly busy: number;
  readonly own: number;
}

function times(): Times | undefined {
  if (process.platform !== "linux") return undefined;
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0, stolen = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + hard + soft + stolen;
  const self = readFileSync("/proc/self/stat", "utf8");
  // Fields 14 to 17: user and system time of this process, and of its children that have ended.
  const fields = self.slice(self.lastIndexOf(")") + 2).split(" ");
  const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { all: busy + idle + wait, busy, own };
}
