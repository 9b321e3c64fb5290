/**
 * The process of one replica. It serves on a socket that only the gateway knows, and ends as
 * soon as the channel to its supervisor does.
 */
import { createServer as createHttpServer } from "node:http";
import { createNodeHandler } from "lutra/node";
import type { Server } from "lutra/server";
import { createProcessEventBus } from "lutra/stores";
import { CommandError } from "./command-error.ts";
import { loadServer } from "./load-server.ts";
import { createProcessReplayGuard } from "./process-replay-guard.ts";
import { isReplicaMessage, type StartMessage, sendTo } from "./replica-channel.ts";
import { removeEmptyFolder, removeSocket } from "./socket-path.ts";
import { ignoreSignals } from "./stop-signal.ts";

let server: Server | undefined;

ignoreSignals();
process.on("disconnect", () => process.exit(0));
process.on("message", (message) => {
  if (!isReplicaMessage(message)) return;
  if (message.type === "lutra.start") void start(message);
  if (message.type === "lutra.end") void server?.close();
});

async function start(message: StartMessage): Promise<void> {
  try {
    server = await loadServer(message.module);
    share(server, message);
    await listen(server, message);
    sendTo(process, { type: "lutra.ready" });
  } catch (error) {
    sendTo(process, { type: "lutra.failed", message: messageOf(error, message.module) });
  }
}

function share(server: Server, { replicas, keys }: StartMessage): void {
  server.share({
    replicas,
    keys,
    events: createProcessEventBus(process),
    replayGuard: createProcessReplayGuard(process),
  });
}

function listen(server: Server, { socketPath }: StartMessage): Promise<void> {
  // The gateway has judged `Host`, and calls every replica by a loopback name.
  const http = createHttpServer(createNodeHandler(server, { allowedHosts: [] }));
  // The gateway closes idle connections; both doing so would break requests on their way.
  http.keepAliveTimeout = 0;
  // It also reads requests from their clients, and has a limit for slow ones.
  http.requestTimeout = 0;
  process.once("exit", () => {
    // Only when the supervisor is gone there is nobody else to clean up.
    if (process.connected) return;
    removeSocket(socketPath);
    removeEmptyFolder(socketPath);
  });
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(socketPath, resolve);
  });
}

function messageOf(error: unknown, module: string): string {
  if (error instanceof CommandError) return error.message;
  const reason = error instanceof Error ? error.message : String(error);
  return `cannot serve ${module}: ${reason}`;
}
