/**
 * An upstream that speaks over stdio: one process with many requests in flight, started for the
 * first request and restarted when it has died.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import type { RestartOptions } from "lutra/node";
import type { Method } from "lutra/protocol";
import { earlierRevisionWarning, eraNotice } from "../bridge/era-in-words.ts";
import { ownParking, type Parking } from "../bridge/parking.ts";
import { createMessageDelivery } from "../delivery/deliver-message.ts";
import { Fleet } from "../delivery/fleet.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import { createCatalogue } from "./catalogue.ts";
import { type CommandConfig, CommandServer } from "./command-server.ts";
import { statusOf, type Upstream } from "./upstream.ts";

export interface CommandUpstreamOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[];
  /** @default the real time */
  readonly clock?: Clock;
  /** @default only this process continues the calls that an upstream keeps open */
  readonly parking?: Parking | undefined;
  /** @default warnings are dropped */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Limits on restarts of the program. @default 5 times in 30 seconds */
  readonly restarts?: RestartOptions | undefined;
}

/** Creates the upstream. Its process starts with the first request. */
export function createCommandUpstream(
  name: string,
  config: CommandConfig,
  options: CommandUpstreamOptions = {},
): Upstream {
  const { clock = systemClock, parking = ownParking(), methods } = options;
  const { restarts, onWarning = () => {} } = options;
  const server = new CommandServer(config, {
    upstream: name,
    clock,
    parking,
    restarts,
    onEarlierRevision: (evidence) => onWarning(earlierRevisionWarning(name, evidence)),
    onEra: (speaks) => onWarning(eraNotice(name, speaks)),
    onPause: (message) => onWarning(`upstream "${name}": ${message}`),
  });
  const fleet = new Fleet<CommandServer>({
    name,
    config,
    clock,
    methods,
    annotations: (tool) => catalogue.tool(tool)?.annotations,
    onShortage: (error) => onWarning(`upstream "${name}": no free file descriptor: ${error}`),
    replicas: {
      all: [server],
      pick: (tried) => (tried.includes(server) ? undefined : server),
      failConnect: (_server, error) => server.health.fail(error),
    },
  });
  const serve = createMessageDelivery(fleet, (_server, message) => server.exchange(message));
  const catalogue = createCatalogue(serve, clock);
  return {
    name,
    serve,
    tool: catalogue.tool,
    findTool: catalogue.find,
    hasToolList: catalogue.isKnown,
    forget: catalogue.forget,
    isOut: () => server.isOut,
    partMs: config.timeouts.partMs,
    status: () => statusOf(fleet, "command"),
    ready: (timeoutMs) => server.ready(timeoutMs),
    close: async (graceMs) => {
      catalogue.close();
      await fleet.close(graceMs);
      await server.close();
    },
  };
}
