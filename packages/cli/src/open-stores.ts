/** Opens the store and the bus that the replicas of a server share. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Shared } from "lutra/server";
import { CommandError } from "./command-error.ts";
import type { StoreUrls } from "./store-options.ts";

export interface OpenStores {
  /** The argument of `server.share`. */
  readonly shared: Shared;
  /** The reason why there is no default store, if its package is not installed. */
  readonly missing?: string;
  /** Releases the tasks of this process to others, and closes files and connections. */
  readonly close: () => Promise<void>;
}

interface Closable {
  readonly close: () => Promise<void>;
}

/** The default: a server keeps its state in memory. */
const memory = "memory:";

/** Thrown for a store that can't be opened. A later start may find the store available. */
export class StoreError extends CommandError {}

/**
 * Opens a store and a bus. Loads only the code that the URLs need.
 *
 * @throws {StoreError} for a store or bus that can't be opened; the message contains no password
 */
export async function openStores(urls: StoreUrls): Promise<OpenStores> {
  const opened: Closable[] = [];
  const close = async () => {
    for (const { close } of opened.toReversed()) await close();
  };
  try {
    const { shared, missing } = await openStore(urls, opened);
    const events = await openBus(urls, opened);
    return { shared: { ...shared, ...events }, ...(missing !== undefined && { missing }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openStore(
  { store: url = memory, isDefault = false }: StoreUrls,
  opened: Closable[],
): Promise<Pick<OpenStores, "shared" | "missing">> {
  if (url === memory) return { shared: {} };
  createFolder(url);
  const { openStore } = await import("@lutra/stores");
  const { MissingPackageError } = await import("lutra/internal");
  try {
    const store = await openStore(url);
    opened.push(store);
    const { tasks, handles, replayGuard, events } = store;
    return { shared: { tasks, handles, replayGuard, ...(events && { events }) } };
  } catch (error) {
    if (!isDefault || !(error instanceof MissingPackageError)) throw storeError("store", error);
    return { shared: {}, missing: error.message };
  }
}

async function openBus({ bus: url }: StoreUrls, opened: Closable[]): Promise<Shared> {
  if (url === undefined) return {};
  const { openBus } = await import("@lutra/stores");
  try {
    const bus = await openBus(url);
    opened.push(bus);
    return { events: bus.events };
  } catch (error) {
    throw storeError("bus", error);
  }
}

function storeError(what: string, error: unknown): StoreError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError(`cannot open the ${what}: ${reason.replace(`${what}: `, "")}`);
}

/** Creates the last folder in the path of a SQLite file. A missing parent suggests a wrong path. */
function createFolder(url: string): void {
  if (!url.startsWith("sqlite:")) return;
  try {
    mkdirSync(dirname(url.slice("sqlite:".length)));
  } catch {
    // The folder exists; otherwise opening the store reports the problem.
  }
}
