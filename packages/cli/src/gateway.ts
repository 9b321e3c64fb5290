/** `lutra gateway`: serves one endpoint for the servers in a configuration. */
import {
  ConfigError,
  type Gateway,
  type LoadedConfig,
  type LogStream,
  type OpenShared,
  startGateway,
} from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";
import { gatewayListenError } from "./gateway-listen-error.ts";
import { createModuleRunner } from "./module-runner.ts";
import { filesImported } from "./modules/import-module.ts";
import { notice } from "./notice.ts";
import { openEraStore } from "./open-era-store.ts";
import { openStores } from "./open-stores.ts";
import { reportOutputError } from "./output.ts";
import { reloadOnChange } from "./reload.ts";
import { stopSignal } from "./stop-signal.ts";
import { hasLostTerminal } from "./terminal.ts";
import { terminalLogFor } from "./terminal-log.ts";
import { startTracing } from "./tracing.ts";
import { reportCalls } from "./waiting.ts";
import { warnIfOpen } from "./warn-if-open.ts";

/** Returns the name of a replica in a terminal. */
const labelOf = (upstream: string, replica: string) => `${upstream} ${replica}`;

export async function gateway({ values, options }: CommandLine): Promise<number> {
  const [file = ""] = values;
  let reopenLog = () => {};
  // Without a listener, Node would open its debugger.
  process.on("SIGUSR1", () => reopenLog());
  const loaded = await loadGatewayConfig(file);
  const tracing = await startTracing({ info: loaded.config });
  for (const note of loaded.notes) notice(note);
  const { runModule, failed } = createModuleRunner({
    notice: (line, upstream) => notice(`${upstream}: ${line}`),
    labelOf,
    watch: options.watch === true,
  });
  const { shared, close: closeBus } = await openStores({ bus: loaded.config.bus });
  const gateway = await startGateway(loaded, {
    modules: runModule,
    openShared,
    events: shared.events,
    tracing: tracing !== undefined,
    console: true,
    notice,
    logStream: logStreamOf(loaded),
    onOutputError: reportOutputError,
    openStore: openEraStore,
    onDrain: reportCalls,
  }).catch(async (error: unknown) => {
    await closeBus();
    if (error instanceof ConfigError) throw new CommandError(error.message);
    throw gatewayListenError(error);
  });
  reopenLog = gateway.reopenLog;
  let certificates = [...(loaded.certificates?.keys() ?? [])];
  const reloading = reloadOnChange(
    () => [loaded.file, ...certificates, ...filesImported()],
    () =>
      reload(gateway, file, async () => {
        const next = await loadGatewayConfig(file);
        certificates = [...(next.certificates?.keys() ?? [])];
        return next;
      }),
  );
  // SIGHUP requests a reload, except when the terminal was closed.
  const stopped = stopSignal((signal) => signal !== "SIGHUP" || hasLostTerminal());
  try {
    // The endpoint is announced once the modules are ready. Other upstreams may start later.
    const ready = gateway.ready(modulesOf(loaded)).then(() => undefined);
    const code = await Promise.race([ready, stopped, failed]);
    if (code !== undefined) return code;
    announce(gateway, loaded);
    for (const name of Object.keys(loaded.config.upstreams)) {
      const isReady = Promise.race([gateway.ready([name]), stopped.then(() => true)]);
      void isReady.then((found) => found || reportUnavailable(gateway, name));
    }
    return await Promise.race([stopped, failed]);
  } finally {
    reloading.close();
    await gateway.close();
    await closeBus();
    await tracing?.close();
  }
}

/** Opens the stores of `shared`. Loads their code only if the configuration has it. */
const openShared: OpenShared = async (url, options) => {
  const { openShared } = await import("@lutra/stores");
  try {
    return await openShared(url, options);
  } catch (error) {
    throw new CommandError(`shared: ${error instanceof Error ? error.message : error}`);
  }
};

/** Returns the destination of the log if it is a terminal. */
function logStreamOf({ config: { log } }: LoadedConfig): LogStream | undefined {
  if (log === false || log.file !== undefined) return undefined;
  return terminalLogFor(process.stdout, labelOf);
}

function announce(gateway: Gateway, { config }: LoadedConfig): void {
  warnIfOpen(gateway, isProtected(config), "auth");
  if (gateway.adminUrl !== undefined) notice(`health and metrics on ${gateway.adminUrl}`);
  if (gateway.consoleUrl !== undefined) notice(`console on ${gateway.consoleUrl}`);
  if (config.keys === undefined && routesOf(config).some(({ merge }) => merge !== undefined)) {
    notice(
      "keys: not configured; values that clients send back become invalid when this process ends",
    );
  }
  for (const url of gateway.alsoUrls) notice(`also listening on ${url}`);
  console.log(`listening on ${gateway.url}`);
}

/** Returns true if every endpoint verifies its callers. */
function isProtected({ auth, routes, endpoints = {} }: LoadedConfig["config"]): boolean {
  const named = Object.values(endpoints).map((own) => own.auth ?? auth ?? false);
  const all = routes.length > 0 ? [auth ?? false, ...named] : named;
  return !all.includes(false);
}

function routesOf({ routes, endpoints = {} }: LoadedConfig["config"]) {
  return [...routes, ...Object.values(endpoints).flatMap((own) => own.routes)];
}

function modulesOf({ config }: LoadedConfig): readonly string[] {
  const upstreams = Object.entries(config.upstreams);
  return upstreams.filter(([, { module }]) => module !== undefined).map(([name]) => name);
}

/** Reports an upstream without an available replica, and the last failure of one. */
function reportUnavailable(gateway: Gateway, upstream: string): void {
  const { replicas = [] } = gateway.upstreams().find(({ name }) => name === upstream) ?? {};
  if (!replicas.every(isUnavailable)) return;
  const reason = replicas.find(({ lastError }) => lastError !== undefined)?.lastError;
  notice(`upstream ${upstream} is not available yet${reason === undefined ? "" : `: ${reason}`}`);
}

function isUnavailable({ state }: { readonly state: string }): boolean {
  return state === "out" || state === "starting";
}

/** Reloads the file. If it has errors, reports them and keeps the current configuration. */
async function reload(
  gateway: Gateway,
  file: string,
  load: () => Promise<LoadedConfig>,
): Promise<void> {
  try {
    await gateway.reload(load);
    notice(`${file}: reloaded`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notice(`${reason}\nlutra: the previous configuration remains active`);
  }
}
