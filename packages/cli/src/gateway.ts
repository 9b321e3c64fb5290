/** `lutra gateway`: serves one endpoint for the servers in a configuration. */
import {
  ConfigError,
  type Gateway,
  type GatewayOptions,
  type LoadedConfig,
  type LogStream,
  processNotes,
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
import { openShared } from "./open-shared.ts";
import { openStores } from "./open-stores.ts";
import { reportOutputError } from "./output.ts";
import { processesOf } from "./processes-option.ts";
import { reloadOnChange } from "./reload.ts";
import { startProcesses } from "./start-processes.ts";
import { stopSignal } from "./stop-signal.ts";
import { hasLostTerminal } from "./terminal.ts";
import { terminalLogFor } from "./terminal-log.ts";
import { startTracing } from "./tracing.ts";
import { reportCalls } from "./waiting.ts";
import { warnIfOpen } from "./warn-if-open.ts";

/** Returns the name of a replica in a terminal. */
const labelOf = (upstream: string, replica: string) => `${upstream} ${replica}`;

export async function gateway(line: CommandLine): Promise<number> {
  const [file = ""] = line.values;
  let reopenLog = () => {};
  // Without a listener, Node would open its debugger.
  process.on("SIGUSR1", () => reopenLog());
  const processes = processesOf(line);
  const loaded = await loadGatewayConfig(file, processes);
  for (const note of loaded.notes) notice(note);
  const { gateway, failed, close } = await start(loaded, line).catch((error: unknown) => {
    if (error instanceof ConfigError) throw new CommandError(error.message);
    throw gatewayListenError(error);
  });
  reopenLog = gateway.reopenLog;
  let certificates = [...(loaded.certificates?.keys() ?? [])];
  const reloading = reloadOnChange(
    () => [loaded.file, ...certificates, ...filesImported()],
    () =>
      reload(gateway, file, async () => {
        const next = await loadGatewayConfig(file, processes);
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
    await close();
  }
}

interface Started {
  readonly gateway: Gateway;
  /** Never resolves. Rejects when the gateway can't continue. */
  readonly failed: Promise<never>;
  readonly close: () => Promise<void>;
}

/** Starts the gateway in this process, or in several. */
async function start(loaded: LoadedConfig, line: CommandLine): Promise<Started> {
  const processes = processesOf(line);
  const { runModule, failed } = createModuleRunner({
    notice: (text, upstream) => notice(`${upstream}: ${text}`),
    labelOf,
    watch: line.options.watch === true,
  });
  const options = {
    modules: runModule,
    notice,
    logStream: logStreamOf(loaded),
    onOutputError: reportOutputError,
    onDrain: reportCalls,
  };
  if (processes === 1) return startOne(loaded, { options, failed });
  for (const note of processNotes(loaded.config, processes)) notice(note);
  const { bus } = loaded.config;
  const gateway = await startProcesses(loaded, processes, { ...options, argument: { bus } });
  return {
    gateway,
    failed: Promise.race([failed, gateway.failed]),
    close: gateway.close,
  };
}

async function startOne(
  loaded: LoadedConfig,
  { options, failed }: { readonly options: GatewayOptions; readonly failed: Promise<never> },
): Promise<Started> {
  const tracing = await startTracing({ info: loaded.config });
  const { shared, close: closeBus } = await openStores({ bus: loaded.config.bus });
  const gateway = await startGateway(loaded, {
    ...options,
    openShared,
    events: shared.events,
    tracing: tracing !== undefined,
    console: true,
    openStore: openEraStore,
  }).catch(async (error: unknown) => {
    await closeBus();
    throw error;
  });
  const close = async () => {
    await gateway.close();
    await closeBus();
    await tracing?.close();
  };
  return { gateway, failed, close };
}

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

/** Reports an upstream without an available replica, and the last failure of one or of its lookup. */
function reportUnavailable(gateway: Gateway, upstream: string): void {
  const status = gateway.upstreams().find(({ name }) => name === upstream);
  const { replicas = [], lookupError } = status ?? {};
  if (!replicas.every(isUnavailable)) return;
  const failed = replicas.find(({ lastError }) => lastError !== undefined);
  const reason = failed?.lastError ?? lookupError;
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
