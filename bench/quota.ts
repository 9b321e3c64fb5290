/** Processes that get a share of a core each, through control groups of Linux. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const root = "/sys/fs/cgroup/cpu";
const rootV2 = "/sys/fs/cgroup";
/** Short against a round, long against a request. In microseconds. */
const periodMicros = 20_000;

/** Attempts to remove a group, and the pause between them, in milliseconds. */
const maxAttempts = 100;
const pauseMs = 50;

/** Reason for which no shares can be set here, for the table; `undefined` where they can. */
export function whyNoQuota(): string | undefined {
  const name = `lutra-bench-${process.pid}-probe`;
  try {
    const folder = create(name, 0.5);
    rmdirSync(folder);
    return undefined;
  } catch {
    return "control groups of the processor can't be written here: run as root";
  }
}

/**
 * Moves each set of processes into a group with `share` of a core. The returned function removes the
 * groups, and the limits of processes that still run.
 */
export function limitToShare(
  sets: readonly (readonly number[])[],
  share: number,
): () => Promise<void> {
  const folders = sets.map((pids, index) => {
    const folder = create(`lutra-bench-${process.pid}-${pids[0]}-${index}`, share);
    for (const pid of pids) writeFileSync(join(folder, "cgroup.procs"), String(pid));
    return folder;
  });
  return async () => {
    for (const folder of folders) await remove(folder);
  };
}

/** Removes a group. One with a process that is just ending can't be removed yet. */
async function remove(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const pids = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
      for (const pid of pids) writeFileSync(join(folder, "../cgroup.procs"), pid);
      rmdirSync(folder);
      return;
    } catch (error) {
      if (attempt === maxAttempts) throw error;
      await delay(pauseMs);
    }
  }
}

/** Returns the processes that a process has started. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

function create(name: string, share: number): string {
  const quota = Math.round(periodMicros * share);
  if (existsSync(join(root, "cpu.cfs_quota_us"))) {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "cpu.cfs_period_us"), String(periodMicros));
    writeFileSync(join(folder, "cpu.cfs_quota_us"), String(quota));
    return folder;
  }
  const folder = join(rootV2, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "cpu.max"), `${quota} ${periodMicros}`);
  return folder;
}
