/** One process of a gateway: it serves the connections that its supervisor accepts. */

import { readinessOf } from "../admin/readiness.ts";
import type { ImportModule } from "../config/load-file.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import { Recorder } from "../console/recorder.ts";
import { type Gateway, startPart } from "../gateway.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import type { GatewayPart } from "../gateway-part.ts";
import type { OpenShared } from "../shared/shared-stores.ts";
import { extensionMethods } from "../subjects/known-methods.ts";
import { Channel } from "./channel.ts";
import { type ConfigMessage, parsedMessage, supervisorURL } from "./config-message.ts";
import { receiveConnections } from "./connection-feeds.ts";
import { createJointBus } from "./event-bus.ts";
import { boundedResponses } from "./joint-cache.ts";
import { sendExchanges } from "./joint-console.ts";
import { askForLimits } from "./joint-limits.ts";
import { sendLog } from "./joint-log.ts";
import { askForModules } from "./joint-modules.ts";
import type { ProcessState, Start } from "./messages.ts";

/** The options of one process. The supervisor has those of the log, the console and modules. */
export interface ProcessOptions
  extends Pick<
    GatewayOptions,
    | "anonymous"
    | "authenticate"
    | "events"
    | "forwardCredentials"
    | "methods"
    | "openShared"
    | "openStore"
    | "tracing"
  > {
  /** Imports a module by its absolute path; resolves to its namespace. @default `import()` */
  readonly importModule?: ImportModule | undefined;
  /** Called once the gateway has closed. */
  readonly close?: (() => Promise<void>) | undefined;
}

/** Number of exchanges that a process keeps until it sends them. */
const maxRecorded = 1000;

type Parts = Parameters<GatewayPart["onStart"]>[0];

/** Signals that reach all processes of a terminal or a service. The supervisor decides. */
const sharedSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"] as const;

/**
 * Serves as one process of `startGatewayProcesses`, and ends with its supervisor. Call it once, in the
 * program that the supervisor starts.
 *
 * @param optionsOf Returns the options, given the `argument` of the supervisor and the name of the
 *   gateway
 * @throws {TypeError} in a process that no supervisor has started
 * @example
 * ```ts
 * runGatewayProcess(async () => ({ tracing: false }));
 * ```
 */
export function runGatewayProcess(
  optionsOf: (argument: unknown, name: string) => Promise<ProcessOptions>,
): void {
  if (typeof process.send !== "function") {
    throw new TypeError("runGatewayProcess: expected a process that startGatewayProcesses started");
  }
  for (const signal of sharedSignals) process.on(signal, () => {});
  const channel = new Channel(process);
  let close = async () => {};
  process.once("disconnect", () => void close().finally(() => process.exit(0)));
  channel.on("ping", () => {});
  channel.on("start", async (message) => {
    const options = await optionsOf(message.argument, message.config.config.name);
    close = await serve(channel, message, options);
  });
}

/** Starts the gateway. Resolves to the function that closes it when the supervisor has ended. */
async function serve(
  channel: Channel,
  message: Start,
  options: ProcessOptions,
): Promise<() => Promise<void>> {
  const { importModule } = options;
  const feeds = receiveConnections(channel, message);
  let parts: Parts | undefined;
  const onStart = (started: Parts) => {
    parts = started;
  };
  const first = await parsedMessage(message.config, importModule);
  const openShared: OpenShared = async (url, events) => {
    if (url === supervisorURL) return askForLimits(channel);
    if (options.openShared) return options.openShared(url, events);
    throw new TypeError('shared: requires the option "openShared"');
  };
  const recorder = recorderOf(message, options);
  const gateway = await startPart(first, {
    ...options,
    events: options.events ?? (first.config.bus ? undefined : createJointBus(channel)),
    modules: askForModules(channel, message),
    openShared,
    logStream: sendLog(channel),
    notice: (line) => channel.tell("notice", line),
    onDrain: (exchanges) => channel.tell("draining", exchanges),
    part: { feeds: feeds.all, recorder, onStart },
  });
  const stopSending = recorder && sendExchanges(channel, recorder);
  serveState(channel, gateway, () => parts as Parts);
  serveReloads(channel, gateway, { first, importModule });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= gateway.close().then(stopSending).then(options.close);
    return closing;
  };
  channel.on("close", async () => {
    await close();
    await channel.flushed();
  });
  return () => {
    feeds.end();
    return close();
  };
}

function recorderOf({ console }: Start, options: ProcessOptions): Recorder | undefined {
  if (console === undefined) return undefined;
  const { maxBytes, messages } = console;
  const { methods = extensionMethods } = options;
  return new Recorder({ max: maxRecorded, maxBytes, messages, methods });
}

function serveState(channel: Channel, gateway: Gateway, parts: () => Parts): void {
  channel.on("ready", ({ names }) => gateway.ready(names));
  channel.on("state", () => stateOf(parts()));
  channel.on("metrics", () => parts().metrics.values());
  channel.on("eras", () => parts().eras.read());
  channel.on("evict", async (match) => await parts().running.caching?.evict(match));
  channel.on("cached", (max) => boundedResponses(parts().running.caching?.list(max) ?? []));
  channel.on("limitUses", () => parts().running.limitUses());
  channel.on("ownRequest", ({ upstream: name, request, principal }) => {
    const upstream = parts().running.upstreams.find((one) => one.name === name);
    if (upstream === undefined) throw new Error(`upstream ${name}: no longer exists`);
    const { signal } = new AbortController();
    return upstream.serve(request, { signal, principal, notify: () => {} });
  });
  channel.on("setDrained", ({ upstream, replica, isDrained }) => {
    return parts().running.setDrained(upstream, replica, isDrained);
  });
}

function stateOf({ running }: Parts): ProcessState {
  const upstreams = running.statuses();
  const names = upstreams.map(({ name }) => name);
  return {
    upstreams,
    drainable: names.filter((name) => running.canDrain(name)),
    readiness: readinessOf(running.config, upstreams),
    cache: running.caching?.stats(),
  };
}

/** Serves the steps of a reload: loading, applying, and the return to the configuration before. */
function serveReloads(
  channel: Channel,
  gateway: Gateway,
  {
    first,
    importModule,
  }: { readonly first: ParsedConfig; readonly importModule?: ImportModule | undefined },
): void {
  let current = first;
  let next: ParsedConfig | undefined;
  let before = first;
  const prepare = async (message: ConfigMessage) => {
    next = await parsedMessage(message, importModule);
  };
  const use = async (config: ParsedConfig) => {
    await gateway.reload(config);
    before = current;
    current = config;
  };
  channel.on("prepare", prepare);
  channel.on("apply", async () => {
    if (next !== undefined) await use(next);
  });
  channel.on("restore", () => use(before));
}
