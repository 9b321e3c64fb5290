/** The messages of a session itself: its own requests, and those that no caller waits for. */
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { isAtLeast, type LoggingLevel } from "../../protocol/logging.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { within } from "../../time/within.ts";
import { type Call, logLevelOf } from "./call.ts";

export interface OwnMessagesOptions {
  /** Maximum time for a request, in milliseconds. */
  readonly requestMs: number;
  /** Starts a request, and returns its call. */
  readonly start: (request: JSONRPCRequest) => Call;
  /** Removes a call that has ended. */
  readonly end: (call: Call) => void;
  readonly send: (message: JSONObject) => Promise<void>;
}

/** Maximum number of messages to the server in flight for which no caller waits. */
const maxPosted = 1000;

export class OwnMessages {
  readonly #options: OwnMessagesOptions;
  #level: LoggingLevel | undefined;
  /** Number of messages in flight for which no caller waits. */
  #posted = 0;

  constructor(options: OwnMessagesOptions) {
    this.#options = options;
  }

  /**
   * Sends a request of the session.
   *
   * @throws {TransportError} `timeout` without an answer in time
   */
  request(method: string, params: JSONObject, signal?: AbortSignal): Promise<Result> {
    const { requestMs: ms, start, end } = this.#options;
    const tooLate = () => new TransportError("timeout", `No answer to ${method} within ${ms} ms`);
    const request = { jsonrpc: "2.0", id: 0, method, params } as const;
    return within({ signal, ms, tooLate }, async (limited) => {
      const call = start(request);
      try {
        const state = await call.next(request, { signal: limited, notify: () => {} });
        if ("result" in state) return state.result;
        throw new TransportError("malformed", `${method}: the server asked for input`);
      } finally {
        end(call);
      }
    });
  }

  /**
   * Sets the level of log messages where a request asks for less severe ones than before.
   *
   * @spec 2025-11-25/server/utilities/logging#setting-log-level
   */
  async setLevel(request: JSONRPCRequest): Promise<void> {
    const level = logLevelOf(request);
    if (level === undefined) return;
    if (this.#level !== undefined && isAtLeast(level, this.#level)) return;
    this.#level = level;
    // Log messages are an extra, so a server that refuses the level does not fail the request.
    await this.request("logging/setLevel", { level }).catch(() => {});
  }

  /**
   * Sends a message whose loss is of no consequence to a caller. A server can cause any number of
   * them, so they are dropped while it does not accept earlier ones.
   */
  post(message: JSONObject): void {
    if (this.#posted >= maxPosted) return;
    this.#posted += 1;
    const settle = (): void => {
      this.#posted -= 1;
    };
    this.#options.send(message).then(settle, settle);
  }
}
