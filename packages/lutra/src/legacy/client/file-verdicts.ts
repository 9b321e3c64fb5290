/** Verdicts about the eras of servers, in a JSON file that several processes may share. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isObject } from "../../protocol/json.ts";
import type { EraVerdict, EraVerdicts } from "../../transport/era.ts";

/** Maximum number of servers in the file. */
const maxServers = 1000;

interface Entry extends EraVerdict {
  /** Time of the verdict, in milliseconds since 1970. */
  readonly at: number;
}

type Entries = Map<string, Entry>;

/**
 * Creates a store of verdicts in a file, so that a new process needs no probe. The file is created
 * with the first verdict. A file that is missing or malformed counts as empty. Beyond 1000 servers,
 * the oldest verdicts are dropped.
 *
 * @param path The file, for example in the cache folder of the user
 */
export function createFileVerdicts(path: string): EraVerdicts {
  /** Settles with the last change, since changes read the file and write all of it. */
  let changing: Promise<void> = Promise.resolve();
  const change = (edit: (entries: Entries) => void): Promise<void> => {
    const next = changing.then(async () => {
      const entries = await read(path);
      edit(entries);
      await write(path, entries);
    });
    changing = next.catch(() => {});
    return next;
  };
  return {
    get: async (server) => {
      const entry = (await read(path)).get(server);
      return entry && { era: entry.era, ...(entry.transport && { transport: entry.transport }) };
    },
    set: (server, verdict) =>
      change((entries) => {
        entries.delete(server);
        entries.set(server, { ...verdict, at: Date.now() });
        for (const [oldest] of entries) {
          if (entries.size <= maxServers) break;
          entries.delete(oldest);
        }
      }),
    delete: (server) => change((entries) => void entries.delete(server)),
  };
}

async function read(path: string): Promise<Entries> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    const servers = isObject(value) && isObject(value.servers) ? value.servers : {};
    const entries = Object.entries(servers).filter(([, entry]) => isEntry(entry));
    return new Map(entries as unknown as [string, Entry][]);
  } catch {
    return new Map();
  }
}

/** Replaces the file at once, so that no reader finds half of it. */
async function write(path: string, entries: Entries): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  const text = JSON.stringify({ servers: Object.fromEntries(entries) }, undefined, 2);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(draft, `${text}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function isEntry(value: unknown): boolean {
  return isObject(value) && (value.era === "modern" || value.era === "legacy");
}
