/**
 * The process of one replica. It serves on a socket that only the gateway knows. It ends when the
 * channel to its supervisor closes.
 */
import { createServer as createHttpServer } from "node:http";
import { passedPrincipal } from "lutra/internal";
import { createNodeHandler } from "lutra/node";
import type { Shared } from "lutra/server";
import { createProcessEventBus } from "lutra/stores";
import { CommandError } from "./command-error.ts";
import { loadServer } from "./load-server.ts";
import { filesImported } from "./modules/import-module.ts";
import { type OpenStores, openStores, StoreError } from "./open-stores.ts";
import { outputClosed, watchOutput } from "./output.ts";
import { createProcessReplayGuard } from "./process-replay-guard.ts";
import { loadReloadable, type ReloadableServer, type ServedModule } from "./reloadable-server.ts";
import { isReplicaMessage, type StartMessage, sendTo } from "./replica-channel.ts";
import { removeAbandonedFolder, removeSocket } from "./socket-path.ts";
import { ignoreSignals } from "./stop-signal.ts";
import { startTracing, type Tracing } from "./tracing.ts";

let server: ServedModule | undefined;
let reloadable: ReloadableServer | undefined;
let stores: OpenStores | undefined;
let tracing: Tracing | undefined;

ignoreSignals();
watchOutput();
void outputClosed.then(() => sendTo(process, { type: "lutra.unread" }));
process.on("disconnect", () => void end());
process.on("message", (message) => {
  if (!isReplicaMessage(message)) return;
  if (message.type === "lutra.start") void start(message);
  if (message.type === "lutra.end") void server?.close();
  if (message.type === "lutra.reload") void reload();
  if (message.type === "lutra.announce") reloadable?.announce();
});

async function start(message: StartMessage): Promise<void> {
  try {
    // The supervisor reports a slow module, once for all replicas.
    const options = { onSlow: () => {} };
    if (message.watch) reloadable = await loadReloadable(message.module, options);
    server = reloadable ?? (await loadServer(message.module, options));
    sendTo(process, { type: "lutra.loaded", files: filesImported() });
    // The supervisor reports missing packages, once for all replicas.
    tracing = await startTracing(server, { notice: () => {} });
    stores = await openStores(message.stores);
    share(server, message, stores);
    await listen(server, message);
    sendTo(process, { type: "lutra.ready" });
  } catch (error) {
    sendTo(process, {
      type: "lutra.failed",
      message: messageOf(error, message.module),
      isTransient: error instanceof StoreError,
    });
  }
}

/** Loads the module again, and reports the outcome. */
async function reload(): Promise<void> {
  const problem = await reloadable?.reload().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const files = filesImported();
  sendTo(process, { type: "lutra.reloaded", files, ...(problem !== undefined && { problem }) });
}

/** Shares the resources of the stores. The supervisor provides those that the stores lack. */
function share(server: ServedModule, { replicas, keys }: StartMessage, stores: OpenStores): void {
  const { shared, missing } = stores;
  const state: Shared = {
    replicas,
    keys,
    ...shared,
    events: shared.events ?? createProcessEventBus(process),
    replayGuard: shared.replayGuard ?? createProcessReplayGuard(process),
  };
  try {
    server.share(tracing ? { ...tracing.traceStores(state), observer: tracing.observer } : state);
  } catch (error) {
    // The server needs the store that could not be opened.
    if (missing !== undefined && error instanceof Error) error.message += `; ${missing}`;
    throw error;
  }
}

/** Closes the server, which gives running tasks time to finish, and exits. */
async function end(): Promise<void> {
  try {
    await server?.close();
    await stores?.close();
    await tracing?.close();
  } finally {
    process.exit(0);
  }
}

function listen(server: ServedModule, { socketPath, principalKey }: StartMessage): Promise<void> {
  const handler = createNodeHandler(server, {
    // The gateway has validated `Host` and sends a loopback name to every replica.
    allowedHosts: [],
    // The gateway decides who may call, and its own requests have no principal.
    authenticate: passedPrincipal(principalKey),
    anonymous: true,
    addressOf,
  });
  // A principal with many claims may be as large as all headers of its request.
  const http = createHttpServer({ maxHeaderSize: 65_536 }, handler);
  // Only the gateway closes idle connections. Otherwise it could send a request on a closing one.
  http.keepAliveTimeout = 0;
  // The gateway has its own time limit for slow clients.
  http.requestTimeout = 0;
  process.once("exit", () => {
    // The supervisor cleans up, unless it has ended.
    if (process.connected) return;
    removeSocket(socketPath);
    removeAbandonedFolder(socketPath);
  });
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(socketPath, resolve);
  });
}

/**
 * Returns the address of a caller, as the gateway has found it. No one else can connect. The entries
 * of `X-Forwarded-For` are not used: a client behind a proxy can choose the first ones.
 */
function addressOf(header: (name: string) => string | undefined): string | undefined {
  return header("x-real-ip");
}

function messageOf(error: unknown, module: string): string {
  if (error instanceof CommandError) return error.message;
  const reason = error instanceof Error ? error.message : String(error);
  return `cannot serve ${module}: ${reason}`;
}
