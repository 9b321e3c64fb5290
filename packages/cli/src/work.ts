/** `lutra work`: a process that runs the tasks of a server, and serves no requests. */
import type { Shared } from "lutra/server";
import type { TaskStore } from "lutra/stores";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadServer } from "./load-server.ts";
import { moduleOf } from "./module-argument.ts";
import { openStores } from "./open-stores.ts";
import { stopSignal } from "./stop-signal.ts";
import { type StoreUrls, storeUrlsOf } from "./store-options.ts";
import { startTracing } from "./tracing.ts";
import { reportWait } from "./waiting.ts";

export async function work(line: CommandLine): Promise<number> {
  const module = moduleOf(line);
  const urls = storeUrlsOf(line);
  requireStore(urls);
  const server = await loadServer(module);
  const tracing = await startTracing(server);
  const stores = await openStores(urls);
  // The timers and connections of a store do not keep the process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const { shared, isUsed } = watched(tracing?.traceStores(stores.shared) ?? stores.shared);
    server.share({ ...shared, ...(tracing && { observer: tracing.observer }) });
    if (!isUsed()) {
      throw new CommandError(
        `cannot work for ${module}: expected the extension tasks() without a store of its own; ` +
          "add it to the extensions of the server",
      );
    }
    const stopped = stopSignal();
    console.log("working on tasks");
    return await stopped;
  } finally {
    clearInterval(alive);
    await reportWait("running tasks", server.close());
    await stores.close();
    await tracing?.close();
  }
}

/** Requires a store that this process shares with those that create tasks. */
function requireStore({ store }: StoreUrls): void {
  if (store !== undefined && store !== "memory:") return;
  throw new CommandError(
    "--store: expected the store of the processes that create the tasks, " +
      "sqlite:./state.db or postgres://user:password@host/database",
    2,
  );
}

/** Returns the shared state with a store that tells whether a server works on its tasks. */
function watched(shared: Shared): { readonly shared: Shared; readonly isUsed: () => boolean } {
  const { tasks } = shared;
  let isUsed = false;
  if (tasks === undefined) return { shared, isUsed: () => false };
  const store: TaskStore = {
    ...tasks,
    work: (options) => {
      isUsed = true;
      return tasks.work(options);
    },
  };
  return { shared: { ...shared, tasks: store }, isUsed: () => isUsed };
}
