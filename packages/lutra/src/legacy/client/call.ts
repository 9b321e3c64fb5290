/**
 * One request to a legacy server, over the requests of the caller that it takes: while the server
 * waits for input, the call is parked, and the caller's retry continues it.
 *
 * @spec basic/patterns/mrtr, 2025-11-25/basic/transports#sending-messages-to-the-server
 */
import type { RequestContext } from "../../protocol/exchange.ts";
import type { InputRequest } from "../../protocol/input-required.ts";
import { isObject } from "../../protocol/json.ts";
import type {
  JSONRPCNotification,
  JSONRPCRequest,
  RequestId,
  Result,
} from "../../protocol/json-rpc.ts";
import { isAtLeast, isLoggingLevel, type LoggingLevel } from "../../protocol/logging.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { progressMethod } from "../../protocol/progress.ts";
import type { TransportError } from "../../protocol/transport-error.ts";
import { unlessAborted } from "../../time/abort.ts";
import { progressFromChannel } from "../../transport/stdio/channel-ids.ts";
import { HeldNotifications } from "./held-notifications.ts";

/** A request of the server that waits for an answer. */
export interface Ask {
  /** The id that the server gave it. */
  readonly id: RequestId;
  readonly request: InputRequest;
  /** True when it arrived on the stream of the call, and false when it was assigned to one. */
  readonly isOwn: boolean;
}

/** The current state of a call: its result, or the requests of the server that need an answer. */
export type CallState = { readonly result: Result } | { readonly asks: ReadonlyMap<string, Ask> };

interface Settle {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Returns the least severe log messages that a request asks for, if any. */
export function logLevelOf({ params }: JSONRPCRequest): LoggingLevel | undefined {
  const level = isObject(params?._meta) ? params._meta[metaKeys.logLevel] : undefined;
  return isLoggingLevel(level) ? level : undefined;
}

export class Call {
  readonly id: number;
  readonly isOfCaller: boolean;
  /** Ends the exchange with the server. */
  readonly controller: AbortController = new AbortController();
  /** The open requests of the server, by the keys that the caller knows. */
  readonly asks: Map<string, Ask> = new Map<string, Ask>();
  /** The latest request of the caller. */
  #request: JSONRPCRequest;
  /** Absent while the call is parked. */
  #context: RequestContext | undefined;
  /** The notifications for the next request of the caller. */
  readonly #held = new HeldNotifications();
  #outcome: Promise<Result> | undefined;
  #lastKey = 0;
  #wake: () => void = () => {};
  readonly #settle: Settle;

  /**
   * @param id The id of the request on the wire
   * @param isOfCaller False for a request of the session itself, which never needs input
   */
  constructor(id: number, request: JSONRPCRequest, isOfCaller = true) {
    this.isOfCaller = isOfCaller;
    this.id = id;
    this.#request = request;
    let settle: Settle | undefined;
    const settled = new Promise<Result>((resolve, reject) => {
      settle = { resolve, reject };
    });
    settled.catch(() => {});
    this.#settle = settle as Settle;
    const finish = () => {
      this.#outcome = settled;
      this.#wake();
    };
    settled.then(finish, finish);
  }

  get request(): JSONRPCRequest {
    return this.#request;
  }

  /** True once the server has answered, or the call was given up. */
  isSettled = false;

  /**
   * Called when the server asks for input or notifies. Set while the messages of the call are passed on
   * without being read.
   */
  onEvent: (() => void) | undefined;

  /** True while a request of the caller waits for the call. */
  get isAttached(): boolean {
    return this.#context !== undefined || this.onEvent !== undefined;
  }

  /** The number of requests of the server so far. */
  get askedCount(): number {
    return this.#lastKey;
  }

  /** The least severe log messages that the caller asks for, if any. */
  get logLevel(): LoggingLevel | undefined {
    return logLevelOf(this.#request);
  }

  /**
   * Waits, for a request of the caller, until the call ends or the server asks for input.
   *
   * @throws {TransportError} when the signal of the request aborts
   */
  async next(request: JSONRPCRequest, context: RequestContext): Promise<CallState> {
    this.#request = request;
    this.#context = context;
    try {
      for (const notification of this.#held.take()) this.#deliver(notification, context);
      while (this.#outcome === undefined && this.asks.size === 0) {
        const event = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await unlessAborted(event, context.signal);
      }
      return this.#outcome === undefined ? { asks: this.asks } : { result: await this.#outcome };
    } finally {
      this.#context = undefined;
    }
  }

  resolve(result: Result): void {
    this.isSettled = true;
    this.#settle.resolve(result);
  }

  reject(error: unknown): void {
    this.isSettled = true;
    this.#settle.reject(error);
  }

  /** Adds a request of the server. */
  ask(ask: Ask): void {
    this.#lastKey += 1;
    this.asks.set(`input-${this.#lastKey}`, ask);
    this.#wake();
    this.onEvent?.();
  }

  /** Removes a request that the server has cancelled. Returns false when it is not of this call. */
  withdraw(id: RequestId): boolean {
    for (const [key, ask] of this.asks) if (ask.id === id) return this.asks.delete(key);
    return false;
  }

  progress(notification: JSONRPCNotification): void {
    this.#notify(notification);
  }

  log(notification: JSONRPCNotification): void {
    const { logLevel } = this;
    const level = notification.params?.level;
    if (logLevel === undefined || !isLoggingLevel(level) || !isAtLeast(level, logLevel)) return;
    this.#notify(notification);
  }

  /** Passes on a notification, or keeps it until the caller waits for the call again. */
  #notify(notification: JSONRPCNotification): void {
    if (this.isSettled) return;
    if (this.#context === undefined) {
      this.#held.add(notification);
      this.onEvent?.();
    } else this.#deliver(notification, this.#context);
  }

  /** Delivers a notification. A failing reader ends the call; a slow one does not delay others. */
  #deliver(notification: JSONRPCNotification, { notify }: RequestContext): void {
    const own =
      notification.method === progressMethod
        ? progressFromChannel(notification, this.#request)
        : notification;
    if (own === undefined) return;
    const fail = (error: unknown): void => this.reject(error as TransportError);
    try {
      const taken = notify(own);
      if (taken !== undefined) void Promise.resolve(taken).catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  }
}
