/** Starts a gateway that serves with several processes, and supervises them. */
import type { AddressInfo } from "node:net";
import { createPrincipalKey, delay, placeAt } from "lutra/internal";
import type { AdminListener } from "../admin/open-admin.ts";
import { adminTlsOf } from "../config/certificates.ts";
import { settingsToRestart } from "../config/diff.ts";
import { firstPath } from "../config/endpoints.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { ConfigInput } from "../config/schema.ts";
import { type ConsoleSettings, consoleSettings } from "../console/console-settings.ts";
import { type LoadedConsole, loadConsole } from "../console/load-console.ts";
import { type Gateway, parsed } from "../gateway.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { listenerPlaces } from "../listener-places.ts";
import { extensionMethods } from "../subjects/known-methods.ts";
import { type ConfigMessage, configMessage, supervisorKeys } from "./config-message.ts";
import { createDrainedReplicas } from "./drained-replicas.ts";
import { createEventRelay } from "./event-bus.ts";
import { openJointAdmin } from "./joint-admin.ts";
import { receiveExchanges } from "./joint-console.ts";
import { createJointLimits } from "./joint-limits.ts";
import { openJointLog } from "./joint-log.ts";
import { createJointModules } from "./joint-modules.ts";
import { createJointState } from "./joint-state.ts";
import { createMergedMetrics } from "./merged-metrics.ts";
import type { RunningProcess } from "./process-slot.ts";
import { Processes } from "./processes.ts";
import { reloadAll } from "./reload-all.ts";
import { requireShareable } from "./several.ts";
import { openSharedSockets, type SharedSockets } from "./shared-sockets.ts";

export interface GatewayProcessesOptions
  extends Pick<
    GatewayOptions,
    "console" | "logStream" | "methods" | "modules" | "notice" | "onDrain" | "onOutputError"
  > {
  /** Number of processes that serve. */
  readonly processes: number;
  /** The path of the program of a process, which calls `runGatewayProcess`. */
  readonly program: string;
  /** Passed to the program. Values that structured cloning copies. @default undefined */
  readonly argument?: unknown;
}

/** A gateway with several processes. */
export interface GatewayProcesses extends Gateway {
  /** Never resolves. Rejects when a process dies repeatedly. */
  readonly failed: Promise<never>;
  /** Returns the processes that serve. */
  readonly processes: () => readonly {
    readonly number: number;
    readonly pid: number | undefined;
  }[];
}

/** Time that processes may take to end beyond the times of the configuration, in milliseconds. */
const graceMs = 10_000;

/**
 * Starts a gateway that serves with several processes. This process accepts the connections, and gives
 * each to the process with the fewest. It has the access log, the admin listener, the processes of
 * modules and, without Redis, the counts of limits. A process that dies is replaced. Resolves when all
 * processes serve.
 *
 * @throws {ConfigError} for an invalid configuration, for a log file that can't be opened, and for
 *   settings that several processes can't share
 * @throws {ListenError} for an address that is in use or unavailable
 * @throws {Error} if a process can't start
 * @example
 * ```ts
 * const gateway = await startGatewayProcesses(await loadConfig("gateway.yaml"), {
 *   processes: 2,
 *   program: fileURLToPath(new URL("./process.js", import.meta.url)),
 * });
 * ```
 */
export async function startGatewayProcesses(
  input: ConfigInput | ParsedConfig,
  options: GatewayProcessesOptions,
): Promise<GatewayProcesses> {
  const first = await parsed(input);
  requireShareable(first.config, fileOf(first));
  const { notice = (line) => console.error(`lutra: ${line}`) } = options;
  const { console: isOnByDefault = false, methods = extensionMethods } = options;
  const page = await loadConsole(first.config, { isOnByDefault, methods });
  const settings = page && consoleSettings(first.config.admin, isOnByDefault);
  const log = openJointLog(first, { ...options, notice });
  const parts = { ...options, notice, log, page, settings };
  const onLimit = (max: number) => {
    notice(`${max} connections wait for a process; others are refused`);
  };
  const supervisor = await openSharedSockets(first.config, { onLimit }).then(
    (sockets) => new Supervisor(first, { ...parts, sockets }),
    async (error: unknown) => {
      await log?.close();
      throw error;
    },
  );
  return supervisor.start();
}

interface SupervisorOptions extends GatewayProcessesOptions {
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  /** The settings of the console. Undefined if it is off. */
  readonly settings: ConsoleSettings | undefined;
  readonly notice: (line: string) => void;
  readonly log: ReturnType<typeof openJointLog>;
  readonly sockets: SharedSockets;
}

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #keys = supervisorKeys();
  readonly #principalKey = createPrincipalKey();
  readonly #relay = createEventRelay();
  readonly #limits = createJointLimits();
  readonly #modules: ReturnType<typeof createJointModules>;
  readonly #processes: Processes;
  readonly #metrics: ReturnType<typeof createMergedMetrics>;
  readonly #drained = createDrainedReplicas(() => this.#processes);
  #parsed: ParsedConfig;
  #message: ConfigMessage;
  #admin: AdminListener | undefined;
  #closing: Promise<void> | undefined;

  constructor(first: ParsedConfig, options: SupervisorOptions) {
    const { processes: count, program, notice, modules, log } = options;
    this.#options = options;
    this.#parsed = first;
    this.#message = this.#messageOf(first);
    this.#modules = createJointModules(modules);
    this.#processes = new Processes({
      count,
      program,
      notice,
      limits: () => this.#parsed.config.processes,
      start: () => ({
        config: this.#message,
        addresses: options.sockets.addresses,
        principalKey: this.#principalKey,
        console: options.settings,
        argument: options.argument,
      }),
      connect: (process) => this.#connect(process),
      prepare: (process) => this.#drained.repeat(process),
      serve: ({ channel }) => options.sockets.add(channel),
      onDeath: ({ number }) => void this.#metrics.ended(number),
    });
    this.#metrics = createMergedMetrics({
      scrape: () => this.#processes.askAll("metrics", undefined),
      running: () => this.#processes.running.size,
      lostLines: () => log?.lost() ?? 0,
      lostEvents: () => this.#relay.lost(),
    });
  }

  async start(): Promise<GatewayProcesses> {
    const { sockets, log } = this.#options;
    const { config } = this.#parsed;
    const places = listenerPlaces(config).map(({ config: { host, tls } }, index) =>
      placeAt(sockets.addresses[index] as AddressInfo, { host, isEncrypted: tls !== undefined }),
    );
    const [url = "", ...alsoUrls] = places.map((place) => place.url + firstPath(config));
    const { page, notice } = this.#options;
    const parts = {
      page,
      notice,
      parsed: () => this.#parsed,
      processes: this.#processes,
      drained: this.#drained,
      modules: this.#modules,
      metrics: this.#metrics,
      isClosing: () => this.#closing !== undefined,
    };
    const state = createJointState(parts);
    const admin = await openJointAdmin(parts, state, url).catch(async (error: unknown) => {
      await this.#close();
      throw error;
    });
    this.#admin = admin;
    const close = () => {
      this.#closing ??= this.#close().then(() => admin?.close());
      return this.#closing;
    };
    await this.#processes.ready.catch(async (error: unknown) => {
      await close();
      throw error;
    });
    return {
      url,
      alsoUrls,
      isLocal: places.every(({ isLocal }) => isLocal),
      adminUrl: admin?.url,
      consoleUrl: admin?.consoleUrl,
      ready: async (names) => {
        const answers = [...this.#processes.running].map(({ channel }) =>
          channel.ask("ready", { names }).catch(() => false),
        );
        const areReady = (await Promise.all(answers)).every(Boolean);
        await state.refresh();
        return areReady;
      },
      upstreams: state.upstreams,
      reopenLog: () => log?.reopen(),
      reload: (next) => this.#reload(next),
      close,
      failed: this.#processes.failed,
      processes: () => [...this.#processes.running].map(({ number, pid }) => ({ number, pid })),
    };
  }

  #messageOf(config: ParsedConfig): ConfigMessage {
    return configMessage(config, { processes: this.#options.processes, keys: this.#keys });
  }

  /** Connects a process to the parts that the supervisor has for all. */
  #connect({ number, channel }: RunningProcess): () => void {
    const { notice, log, page, onDrain } = this.#options;
    channel.on("notice", (line) => notice(`process ${number}: ${line}`));
    channel.on("draining", (exchanges) => onDrain?.(exchanges));
    log?.add(channel);
    const ends = [this.#relay.add(channel), this.#limits.add(channel), this.#modules.add(channel)];
    if (page !== undefined) ends.push(receiveExchanges(channel, page.recorder));
    return () => {
      for (const end of ends) end();
    };
  }

  async #reload(next: Parameters<Gateway["reload"]>[0]): Promise<void> {
    try {
      const config = await parsed(typeof next === "function" ? await next() : next);
      requireShareable(config.config, fileOf(config));
      await this.#processes.change(() => this.#apply(config));
      this.#metrics.reloaded(true);
    } catch (error) {
      this.#metrics.reloaded(false);
      throw error;
    }
  }

  async #apply(config: ParsedConfig): Promise<void> {
    const fixed = settingsToRestart(this.#parsed, config);
    if (fixed.length > 0) throw new TypeError(fixed.join("\n"));
    const message = this.#messageOf(config);
    await reloadAll(this.#processes.running, message);
    this.#parsed = config;
    this.#message = message;
    const tls = adminTlsOf(config);
    if (tls) this.#admin?.renewTls(tls);
  }

  async #close(): Promise<void> {
    const { sockets, log } = this.#options;
    const { lameDuckMs, drainMs } = this.#parsed.config;
    this.#processes.stopRestarts();
    const running = [...this.#processes.running];
    const closed = running.map(({ channel }) => channel.ask("close", undefined));
    if (lameDuckMs > 0) await delay(lameDuckMs);
    await sockets.close();
    for (const { channel } of running) channel.tell("lastConnection", undefined);
    const late = setTimeout(() => this.#processes.kill(), drainMs + graceMs);
    await Promise.allSettled(closed);
    clearTimeout(late);
    await this.#processes.end(graceMs);
    await this.#modules.close();
    await log?.close();
  }
}

function fileOf(config: ParsedConfig): string | undefined {
  return "file" in config && typeof config.file === "string" ? config.file : undefined;
}
