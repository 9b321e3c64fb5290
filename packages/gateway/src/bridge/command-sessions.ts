/**
 * The sessions with a program that speaks an earlier revision over stdio. A process has one session,
 * so each caller gets a process.
 *
 * @spec basic/transports/stdio#backward-compatibility
 */
import {
  createStdioTransport,
  type RestartOptions,
  type StdioCommand,
  type StdioTransport,
} from "lutra/node";
import { isTransportError, type RequestContext } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import { notRunning } from "../delivery/upstream-error.ts";
import type { Clock } from "../replicas/clock.ts";
import type { Parking } from "./parking.ts";
import { type UpstreamSession, UpstreamSessions } from "./upstream-sessions.ts";

export interface CommandSessionsOptions {
  /** The name of the upstream. */
  readonly upstream: string;
  readonly config: UpstreamConfig;
  readonly command: StdioCommand;
  /** The session that the gateway itself uses, and callers that nothing distinguishes from it. */
  readonly main: Pick<UpstreamSession, "serve"> & {
    readonly open: (context: RequestContext) => Promise<void>;
  };
  readonly restarts: RestartOptions | undefined;
  readonly clock: Clock;
  readonly parking: Parking;
}

/** Maximum number of processes for the sessions of callers, unless it is configured. */
const maxProcesses = 16;

export type CommandSessions = UpstreamSessions<undefined, UpstreamSession>;

export function createCommandSessions(options: CommandSessionsOptions): CommandSessions {
  const { upstream: name, config, command, main, restarts, clock, parking } = options;
  const { max = maxProcesses, idleMs, inputWaitMs } = config.sessions;
  // The process of the gateway has shown the era.
  const era = config.era === "auto" ? "legacy" : config.era;
  return new UpstreamSessions<undefined, UpstreamSession>({
    name,
    clock,
    parking,
    max,
    idleMs,
    inputWaitMs,
    hasListHints: config.lists !== undefined,
    create: (_place, owner) => {
      if (owner.isGateway) {
        const { open, serve } = main;
        return { open: (_request, context) => open(context), serve, close: async () => {} };
      }
      const own = { era, inputWaitMs, ...(restarts && { restarts }) };
      return sessionOver(createStdioTransport(command, own));
    },
  });
}

function sessionOver(transport: StdioTransport): UpstreamSession {
  return {
    open: async (request, { signal }) => {
      if (transport.pid !== undefined) return;
      await transport.start(request, signal).catch((error: unknown) => {
        throw isTransportError(error) && !signal.aborted ? notRunning(error) : error;
      });
    },
    serve: transport.serve,
    close: transport.close,
  };
}
