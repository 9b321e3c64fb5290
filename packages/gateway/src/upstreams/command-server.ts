/** The program of an upstream that speaks over stdio, and its state across restarts. */
import { isEarlierRevision } from "lutra/internal";
import {
  createStdioTransport,
  type RestartOptions,
  type StdioCommand,
  type StdioTransport,
} from "lutra/node";
import {
  discover,
  isProtocolError,
  isTransportError,
  latestVersion,
  type RequestContext,
} from "lutra/protocol";
import { type CommandSessions, createCommandSessions } from "../bridge/command-sessions.ts";
import { mayBeLegacy } from "../bridge/era-in-words.ts";
import type { Parking } from "../bridge/parking.ts";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Message, MessageExchange } from "../delivery/deliver-message.ts";
import { exchangeOver } from "../delivery/exchange-over.ts";
import type { Recipient } from "../delivery/fleet.ts";
import { notRunning } from "../delivery/upstream-error.ts";
import { causeOf } from "../replicas/cause.ts";
import type { Clock } from "../replicas/clock.ts";
import { ownMeta } from "../replicas/own-meta.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";

export type CommandConfig = UpstreamConfig & { readonly command: readonly string[] };

export interface CommandServerOptions {
  /** The name of the upstream. */
  readonly upstream: string;
  readonly clock: Clock;
  readonly parking: Parking;
  readonly restarts: RestartOptions | undefined;
  readonly onEarlierRevision: (evidence: string) => void;
  /** Called when the revision of the program becomes known, or changes. */
  readonly onEra: (speaks: string) => void;
  /** Called when restarts are paused after too many exits, and when the program runs again. */
  readonly onPause: (message: string) => void;
}

/** Pause after a restart that failed, in milliseconds. The transport may require a longer one. */
const recheckMs = 1000;
/** Maximum time that a restarted program may take to answer, in milliseconds. */
const restartTimeoutMs = 5000;

export class CommandServer implements Recipient {
  readonly name = "1";
  inFlight = 0;
  ownSubscriptions = 0;
  readonly health = {
    succeed: (): void => {
      this.#failures = 0;
    },
    fail: (error: string): void => {
      this.#failures += 1;
      this.#lastError = error;
    },
  };
  readonly #program: string;
  readonly #transport: StdioTransport;
  readonly #options: CommandServerOptions;
  #failures = 0;
  #lastError: string | undefined;
  #earlierRevision: string | undefined;
  #speaks: string | undefined;
  /** Absent for a program that is expected to speak the current revision. */
  readonly #sessions: CommandSessions | undefined;
  /** True after too many exits, until the program runs again. */
  #isPaused = false;
  #stopTimer = () => {};

  constructor(config: CommandConfig, options: CommandServerOptions) {
    const { command, era } = config;
    const [program = ""] = command;
    const { restarts } = options;
    this.#program = program;
    this.#options = options;
    const isDual = mayBeLegacy(config);
    this.#transport = createStdioTransport(commandOf(config), {
      era: isDual ? era : "modern",
      ...(restarts && { restarts }),
    });
    if (!isDual) return;
    const main = {
      open: async ({ signal }: Pick<RequestContext, "signal">) => {
        if (this.#transport.pid === undefined) await this.#start(signal);
      },
      serve: this.#transport.serve,
    };
    this.#sessions = createCommandSessions({
      ...options,
      config,
      command: commandOf(config),
      main,
    });
  }

  /** Sends a message, over the session of its caller if the program speaks an earlier revision. */
  exchange(message: Message<CommandServer>): MessageExchange {
    const { request } = message;
    return exchangeOver(message, async (context, sending) => {
      try {
        const isRunning = this.#transport.pid !== undefined;
        // The processes of callers continue while that of the gateway itself restarts.
        if (!isRunning && !this.#isLegacy) await this.#start(context.signal);
        if (this.#sessions !== undefined && this.#isLegacy) {
          return await this.#sessions.serve({ request, context, place: undefined, sending });
        }
        sending();
        return await this.#transport.serve(request, context);
      } catch (error) {
        this.#recordRevision(error);
        throw error;
      }
    });
  }

  async ready(timeoutMs: number): Promise<boolean> {
    const context = { signal: AbortSignal.timeout(timeoutMs), notify: () => {} };
    try {
      if (this.#transport.pid === undefined) await this.#start(context.signal);
      await this.#transport.serve(ownRequest, context);
      return true;
    } catch (error) {
      this.#recordRevision(error);
      // A server of an earlier revision does answer.
      if (isProtocolError(error) || isEarlierRevision(error)) return true;
      this.health.fail(causeOf(error));
      return false;
    }
  }

  /** True once the program has opened a session, until another one runs. */
  get #isLegacy(): boolean {
    return this.#speaks !== undefined && this.#speaks !== latestVersion;
  }

  /** True while restarts are paused. */
  get isOut(): boolean {
    return this.#isPaused && this.#transport.pid === undefined;
  }

  async close(): Promise<void> {
    this.#stopTimer();
    await Promise.all([this.#sessions?.close(), this.#transport.close()]);
  }

  status(): ReplicaStatus {
    const { pid } = this.#transport;
    const stopped = this.isOut ? "out" : "starting";
    return {
      name: this.name,
      address: this.#program,
      state: pid === undefined ? stopped : "up",
      inFlight: this.inFlight,
      ownSubscriptions: this.ownSubscriptions,
      failures: this.#failures,
      lastError: this.#lastError,
      pid,
      speaks: this.#speaks,
      earlierRevision: this.#earlierRevision,
    };
  }

  /** Starts the program. Rejects with a `NotRunningError`, because no request was sent. */
  async #start(signal: AbortSignal): Promise<void> {
    try {
      // With a request of its own, so that a session that this opens is that of no caller.
      await this.#transport.start(ownRequest, signal);
      await this.#recordEra(signal);
    } catch (error) {
      if (!isTransportError(error) || signal.aborted) throw error;
      const { message, retryAfterMs } = error;
      const isPaused = this.#isPaused || retryAfterMs !== undefined;
      if (isPaused) this.#pause(message, retryAfterMs ?? recheckMs);
      throw notRunning(error);
    }
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stopTimer();
    this.#options.onPause("the program has been restarted");
  }

  /** Schedules a restart, so that the state does not depend on further requests. */
  #pause(message: string, ms: number): void {
    this.#stopTimer();
    this.#stopTimer = this.#options.clock.after(ms, () => void this.ready(restartTimeoutMs));
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#options.onPause(`${message}\nIt is restarted in ${Math.ceil(ms / 1000)} s`);
  }

  /** Records the revision that the program has been found to speak. */
  async #recordEra(signal: AbortSignal): Promise<void> {
    const { era } = this.#transport;
    if (this.#sessions === undefined || era === undefined) return;
    const speaks = era === "modern" ? latestVersion : await sessionVersion(this.#transport, signal);
    if (speaks === this.#speaks) return;
    const isExpected = this.#speaks === undefined && speaks === latestVersion;
    this.#speaks = speaks;
    if (!isExpected) this.#options.onEra(speaks);
  }

  #recordRevision(error: unknown): void {
    if (!isEarlierRevision(error)) return;
    const isNew = this.#earlierRevision === undefined;
    this.#earlierRevision = error.evidence;
    if (isNew) this.#options.onEarlierRevision(error.evidence);
  }
}

/** The request for which the gateway itself starts the program. */
const ownRequest = {
  jsonrpc: "2.0",
  id: 0,
  method: discover.name,
  params: { _meta: ownMeta },
} as const;

function commandOf({ command: [command = "", ...args], cwd, env }: CommandConfig): StdioCommand {
  return {
    command,
    args,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  };
}

/** Returns the version of the open session, which answers without a round trip. */
async function sessionVersion({ serve }: StdioTransport, signal: AbortSignal): Promise<string> {
  const { supportedVersions } = await serve(ownRequest, { signal, notify: () => {} });
  return String(Array.isArray(supportedVersions) ? supportedVersions[0] : undefined);
}
