/** `lutra serve`: one server in one process, over HTTP or stdio. */
import { type Authenticate, serveHttp, serveStdio } from "lutra/node";
import type { Shared } from "lutra/server";
import { accessOf, addressOf, lameDuckOf, listenError } from "./address.ts";
import { callerOptions } from "./caller-options.ts";
import { authenticateOf } from "./callers.ts";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadServer } from "./load-server.ts";
import { moduleOf } from "./module-argument.ts";
import { type OpenStores, openStores } from "./open-stores.ts";
import type { ServedModule } from "./reloadable-server.ts";
import { stopSignal } from "./stop-signal.ts";
import { type StoreUrls, storeUrlsOf } from "./store-options.ts";
import { startTracing, type Tracing } from "./tracing.ts";
import { versionsOf } from "./version-options.ts";
import { reportCalls, reportWait } from "./waiting.ts";
import { warnIfOpen } from "./warn-if-open.ts";

export async function serve(line: CommandLine): Promise<number> {
  const module = moduleOf(line);
  const urls = storeUrlsOf(line);
  const load = line.options.watch ? () => watch(module) : () => loadServer(module);
  if (line.options.stdio) {
    requireOverHttp(line);
    return await serveOverStdio(load, urls, await versionsOf(line));
  }
  const address = addressOf(line);
  const access = await accessOf(line);
  const versions = await versionsOf(line);
  const authenticate = await authenticateOf(line);
  const server = await load();
  const tracing = await startTracing(server);
  const stores = await openStores(urls);
  try {
    server.share(observed(stores.shared, tracing));
    const endpoint = await serveHttp(server, {
      ...address,
      ...access,
      ...lameDuckOf(line),
      ...versions,
      httpSse: line.options["http-sse"] === true,
      ...verified(authenticate),
      onDrain: reportCalls,
    }).catch(async (error: unknown) => {
      throw await listenError(error, address);
    });
    const stopped = stopSignal();
    warnIfOpen(endpoint, authenticate !== undefined, "--token-file or --auth");
    console.log(`listening on ${endpoint.url}`);
    const code = await stopped;
    await endpoint.close();
    return code;
  } finally {
    await end(server, stores);
    await tracing?.close();
  }
}

function observed(shared: Shared, tracing: Tracing | undefined): Shared {
  if (tracing === undefined) return shared;
  return { ...tracing.traceStores(shared), observer: tracing.observer };
}

function verified(authenticate: Authenticate | undefined): { authenticate?: Authenticate } {
  return authenticate === undefined ? {} : { authenticate };
}

/** Over stdio, the only caller is the program that started this one, and there is no HTTP. */
function requireOverHttp({ options }: CommandLine): void {
  if (options["http-sse"] !== undefined) {
    throw new CommandError("--http-sse: not with --stdio, which has no HTTP; remove it", 2);
  }
  const given = Object.keys(callerOptions).find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new CommandError(`--${given}: not with --stdio, which has no credentials; remove it`, 2);
}

/** Loads a module that is loaded again when it changes. */
async function watch(module: string): Promise<ServedModule> {
  const { watchModule } = await import("./watch-module.ts");
  return watchModule(module);
}

async function serveOverStdio(
  load: () => Promise<ServedModule>,
  urls: StoreUrls,
  versions: { readonly versions?: readonly string[] },
): Promise<number> {
  const server = await withStdoutAsStderr(load);
  const tracing = await startTracing(server);
  const stores = await openStores(urls);
  try {
    server.share(observed(stores.shared, tracing));
    const { closed, close } = serveStdio(server, versions);
    void stopSignal().then(() => close());
    await closed;
    return 0;
  } finally {
    await end(server, stores);
    await tracing?.close();
  }
}

/** Waits for running tasks up to the server's time limit. Unfinished tasks remain in the store. */
async function end(server: ServedModule, stores: OpenStores): Promise<void> {
  await reportWait("running tasks", server.close());
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
