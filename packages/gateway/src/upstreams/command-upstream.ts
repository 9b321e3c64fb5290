/**
 * An upstream that speaks over stdio: one process with many requests in flight, started for the
 * first request and restarted when it has died.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import { createStdioTransport, type StdioTransport } from "lutra/node";
import { discover, isProtocolError, isTransportError, type Method } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import {
  createMessageDelivery,
  type Message,
  type MessageExchange,
} from "../delivery/deliver-message.ts";
import { Fleet, type Recipient } from "../delivery/fleet.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import { ownMeta } from "../replicas/own-meta.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";
import { createCatalogue } from "./catalogue.ts";
import { statusOf, type Upstream } from "./upstream.ts";

export interface CommandUpstreamOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[];
  /** @default the real time */
  readonly clock?: Clock;
}

type CommandConfig = UpstreamConfig & { readonly command: readonly string[] };

/** Creates the upstream. Its process starts with the first request. */
export function createCommandUpstream(
  name: string,
  config: CommandConfig,
  { clock = systemClock, methods }: CommandUpstreamOptions = {},
): Upstream {
  const server = new CommandServer(config);
  const fleet = new Fleet<CommandServer>({
    name,
    config,
    clock,
    methods,
    annotations: (tool) => catalogue.tool(tool)?.annotations,
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
    status: () => statusOf(fleet, "command"),
    ready: (timeoutMs) => server.ready(timeoutMs),
    close: async (graceMs) => {
      catalogue.close();
      await fleet.close(graceMs);
      await server.close();
    },
  };
}

/** The process, and what is known about its health. */
class CommandServer implements Recipient {
  readonly name = "1";
  inFlight = 0;
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
  #failures = 0;
  #lastError: string | undefined;

  constructor({ command: [program = "", ...args], cwd, env }: CommandConfig) {
    this.#program = program;
    this.#transport = createStdioTransport({
      command: program,
      args,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    });
  }

  /** Sends a message. The first notification or the response counts as the head of the answer. */
  exchange({ request, context, delivery }: Message<CommandServer>): MessageExchange {
    const controller = new AbortController();
    delivery.connected();
    const serve = async () => {
      try {
        const result = await this.#transport.serve(request, {
          ...context,
          signal: controller.signal,
          notify: (notification) => {
            if (delivery.stage === "sent") delivery.answered();
            else delivery.waitFor("idle");
            return context.notify(notification);
          },
        });
        delivery.answered();
        return result;
      } catch (error) {
        if (!isTransportError(error)) delivery.answered();
        throw error;
      } finally {
        delivery.released();
      }
    };
    return { result: serve(), abort: (error) => controller.abort(error) };
  }

  async ready(timeoutMs: number): Promise<boolean> {
    const context = { signal: AbortSignal.timeout(timeoutMs), notify: () => {} };
    const params = { _meta: ownMeta };
    const request = { jsonrpc: "2.0", id: 0, method: discover.name, params } as const;
    try {
      await this.#transport.serve(request, context);
      return true;
    } catch (error) {
      // A server of an earlier revision answers with an error, but it does answer.
      return isProtocolError(error);
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  status(): ReplicaStatus {
    const { pid } = this.#transport;
    return {
      name: this.name,
      address: this.#program,
      state: pid === undefined ? "starting" : "up",
      inFlight: this.inFlight,
      failures: this.#failures,
      lastError: this.#lastError,
      pid,
    };
  }
}
