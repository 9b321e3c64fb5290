/** Locks between processes, as files beside the one that they protect. */
import { createHash, randomUUID } from "node:crypto";
import { link, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { abortError } from "../../time/abort.ts";
import { delay } from "../../time/backoff.ts";

/** Pause between attempts to take a lock, in milliseconds. */
const retryMs = 50;
/** Interval in which the holder of a lock shows that it is alive, in milliseconds. */
const aliveMs = 5000;
/** Age at which a lock counts as left behind by a process that has died, in milliseconds. */
const staleMs = 30_000;

/** The file that a lock protects, and the key of the lock. */
export interface LockedFile {
  readonly path: string;
  readonly key: string;
  /** Ends the wait for the lock. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work while no other process holds the lock of this key.
 *
 * @throws {TransportError} `aborted` for a signal that aborts before the lock was taken
 */
export async function fileLock<T>(
  { path, key, signal }: LockedFile,
  work: () => Promise<T>,
): Promise<T> {
  const name = createHash("sha256").update(key).digest("hex").slice(0, 16);
  const lock = `${path}.${name}.lock`;
  const id = randomUUID();
  while (!(await take(lock, id))) {
    if (signal?.aborted) throw abortError(signal);
    await removeStale(lock);
    await delay(retryMs);
  }
  const alive = setInterval(() => void touch(lock), aliveMs);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    await release(lock, id);
  }
}

async function take(lock: string, id: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx", 0o600);
    await file.writeFile(id);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock only if it is still the own one. */
async function release(lock: string, id: string): Promise<void> {
  const holder = await readFile(lock, "utf8").catch(() => undefined);
  if (holder === id) await rm(lock, { force: true });
}

async function removeStale(lock: string): Promise<void> {
  const found = await stat(lock).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < staleMs) return;
  const holder = await readFile(lock, "utf8").catch(() => undefined);
  const moved = `${lock}.${randomUUID()}`;
  await rename(lock, moved).catch(() => {});
  // Another process may have replaced the stale lock in between; its lock is put back.
  const isStale = (await readFile(moved, "utf8").catch(() => holder)) === holder;
  if (!isStale) await link(moved, lock).catch(() => {});
  await rm(moved, { force: true });
}

async function touch(lock: string): Promise<void> {
  const now = new Date();
  await utimes(lock, now, now).catch(() => {});
}
