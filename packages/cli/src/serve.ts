/** `lutra serve`: one server in one process, over HTTP or stdio. */
import { type Authenticate, serveHttp, serveStdio } from "lutra/node";
import type { Server } from "lutra/server";
import { addressOf, listenError } from "./address.ts";
import { callerOptions } from "./caller-options.ts";
import { authenticateOf } from "./callers.ts";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadServer } from "./load-server.ts";
import { moduleOf } from "./module-argument.ts";
import { type OpenStores, openStores } from "./open-stores.ts";
import { stopSignal } from "./stop-signal.ts";
import { type StoreUrls, storeUrlsOf } from "./store-options.ts";

export async function serve(line: CommandLine): Promise<number> {
  const module = moduleOf(line);
  const urls = storeUrlsOf(line);
  if (line.options.stdio) {
    requireNoCallers(line);
    return await serveOverStdio(module, urls);
  }
  const address = addressOf(line);
  const authenticate = await authenticateOf(line);
  const server = await loadServer(module);
  const stores = await openStores(urls);
  try {
    server.share(stores.shared);
    const endpoint = await serveHttp(server, { ...address, ...verified(authenticate) }).catch(
      (error: unknown) => {
        throw listenError(error, address);
      },
    );
    const stopped = stopSignal();
    console.log(`listening on ${endpoint.url}`);
    const code = await stopped;
    await endpoint.close();
    return code;
  } finally {
    await end(server, stores);
  }
}

function verified(authenticate: Authenticate | undefined): { authenticate?: Authenticate } {
  return authenticate === undefined ? {} : { authenticate };
}

/** Over stdio, the only caller is the program that started this one. */
function requireNoCallers({ options }: CommandLine): void {
  const given = Object.keys(callerOptions).find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new CommandError(`--${given}: not with --stdio, which has no credentials; remove it`, 2);
}

async function serveOverStdio(module: string, urls: StoreUrls): Promise<number> {
  const server = await withStdoutAsStderr(() => loadServer(module));
  const stores = await openStores(urls);
  try {
    server.share(stores.shared);
    const { closed, close } = serveStdio(server);
    void stopSignal().then(() => close());
    await closed;
    return 0;
  } finally {
    await end(server, stores);
  }
}

/** Waits for running tasks up to the server's time limit. Unfinished tasks remain in the store. */
async function end(server: Server, stores: OpenStores): Promise<void> {
  await server.close();
  await stores.close();
}

/**
 * Redirects standard output to standard error while a module loads, because over stdio, standard
 * output carries only MCP messages.
 */
async function withStdoutAsStderr<T>(run: () => Promise<T>): Promise<T> {
  const { stdout, stderr } = process;
  const { write } = stdout;
  stdout.write = stderr.write.bind(stderr);
  try {
    return await run();
  } finally {
    stdout.write = write;
  }
}
