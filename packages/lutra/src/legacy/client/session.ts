/**
 * A session with a legacy server: opened by `initialize`, it carries the requests of one or several
 * callers, and the requests of the server to them.
 *
 * @spec 2025-11-25/basic/lifecycle
 */
import { cancelledNotification, cancelledRequestId } from "../../protocol/cancellation.ts";
import { discover } from "../../protocol/discover.ts";
import { invalidParams, ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import { type InputRequests, inputRequired, isResponseTo } from "../../protocol/input-required.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type {
  JSONRPCNotification,
  JSONRPCRequest,
  RequestId,
  Result,
} from "../../protocol/json-rpc.ts";
import { isRequestId } from "../../protocol/json-rpc.ts";
import { isAtLeast, type LoggingLevel, logMessageMethod } from "../../protocol/logging.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { progressMethod } from "../../protocol/progress.ts";
import { listen } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { initializeMethod } from "../../protocol/versioning.ts";
import { abortError } from "../../time/abort.ts";
import { within } from "../../time/within.ts";
import type { AnswerRequest } from "../../transport/era.ts";
import { initializedMethod } from "../initialize.ts";
import { Call } from "./call.ts";
import {
  discoverResult,
  expectedVersions,
  fromLegacyError,
  fromLegacyResult,
  type Introduction,
  readIntroduction,
} from "./from-legacy.ts";
import { type Link, type OpenLink, SessionOver } from "./link.ts";
import { ParkedCalls } from "./parked-calls.ts";
import { ServerRequests } from "./server-requests.ts";
import { Subscriptions } from "./subscriptions.ts";
import { introduce, toLegacyRequest } from "./to-wire.ts";

export interface SessionOptions {
  readonly openLink: OpenLink;
  /** The server, as messages name it. */
  readonly server: string;
  /** The version to speak. @default the newest that the server has */
  readonly version: string | undefined;
  /** Answers requests of the server outside of a call. @default they are refused */
  readonly answer: AnswerRequest | undefined;
  /** Maximum time for `initialize`, and for other requests of the session itself, in milliseconds. */
  readonly initializeMs: number;
  readonly maxParked: number;
  readonly parkedMs: number;
  /** Called when the connection has ended. */
  readonly onEnd: (session: LegacySession) => void;
}

/** Maximum number of messages to the server for which no caller waits, on their way at a time. */
const maxPosted = 1000;
/** Capabilities with which a server may send requests at any time. */
const inputCapabilities = ["elicitation", "sampling", "roots"];

export class LegacySession {
  readonly #options: SessionOptions;
  readonly #calls = new Map<number, Call>();
  readonly #parked: ParkedCalls;
  readonly #requests: ServerRequests;
  #link!: Link;
  #introduction!: Introduction;
  #subscriptions!: Subscriptions;
  /** True when the client has declared that the server may send requests. */
  #takesRequests = false;
  /** Begins above the ids of a probe, whose answer may be late. */
  #lastId = 1_000_000;
  #level: LoggingLevel | undefined;
  /** Number of messages on their way for which no caller waits. */
  #posted = 0;

  /**
   * Opens a session with the capabilities that a request declares.
   *
   * @throws {TransportError} `timeout` when the server does not answer
   */
  static async open(
    options: SessionOptions,
    request: JSONRPCRequest,
    signal: AbortSignal,
  ): Promise<LegacySession> {
    const session = new LegacySession(options);
    const ms = options.initializeMs;
    const tooLate = () =>
      new TransportError("timeout", `${options.server}: no answer to initialize within ${ms} ms`);
    try {
      await within({ signal, ms, tooLate }, (limited) => session.#open(request, limited));
    } catch (error) {
      void session.#link?.close().catch(() => {});
      throw error;
    }
    return session;
  }

  private constructor(options: SessionOptions) {
    this.#options = options;
    const { maxParked, parkedMs } = options;
    const onExpired = (call: Call, error: TransportError) => this.#abandon(call, error);
    this.#parked = new ParkedCalls({ maxParked, parkedMs, onExpired });
    this.#requests = new ServerRequests({
      send: (message) => this.#post(message),
      answer: options.answer,
      callFor: () => this.#callFor(),
    });
  }

  /** The version that `initialize` has chosen. */
  get version(): string {
    return this.#introduction.version;
  }

  async #open(request: JSONRPCRequest, signal: AbortSignal): Promise<void> {
    const versions = expectedVersions(this.#options.version);
    const [version = ""] = versions;
    const introduction = introduce(request.params, version);
    this.#link = await this.#options.openLink({
      onMessage: (message) => this.#receive(message),
      onGap: (error) => this.#subscriptions.fail(lost(this.#options.server, error)),
      onEnd: (error) => this.end(error),
    });
    const params = { protocolVersion: version, ...introduction };
    const result = await this.#request(initializeMethod, params, signal);
    this.#introduction = readIntroduction(result, versions);
    this.#link.setVersion(this.version);
    this.#requests.declared = introduction.capabilities;
    const openStream = () => this.#link.openStream();
    const send = (method: string, sent: JSONObject) => this.#request(method, sent);
    const { capabilities } = this.#introduction;
    this.#subscriptions = new Subscriptions({ capabilities, openStream, request: send });
    this.#takesRequests = inputCapabilities.some((name) => name in introduction.capabilities);
    await this.#link.send({ jsonrpc: "2.0", method: initializedMethod });
  }

  /** Serves a request of the current revision. */
  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    if (request.method === discover.name) return discoverResult(this.#introduction);
    if (request.method === listen.name) return this.#subscriptions.serve(request, context);
    if (this.#parked.isContinuation(request)) {
      const call = this.#parked.take(request, context);
      return this.#advance(call, request, context, () =>
        this.#respond(call, request.params?.inputResponses),
      );
    }
    // Some servers send their requests on the standalone stream only.
    if (this.#takesRequests) await this.#link.openStream().catch(unlessOver);
    await this.#setLevel(request);
    if (context.signal.aborted) throw abortError(context.signal);
    const call = this.#start(request);
    return this.#advance(call, request, context);
  }

  /** Ends the call that waits for input under this state, and cancels it at the server. */
  abandon(state: string): void {
    const call = this.#parked.abandon(state);
    if (call !== undefined) {
      this.#abandon(call, new TransportError("aborted", "The caller gave up the call"));
    }
  }

  /** Ends everything that depends on the session, whose connection has ended. */
  end(error: TransportError): void {
    this.#parked.clear();
    this.#requests.end();
    for (const call of this.#calls.values()) {
      call.reject(error);
      call.controller.abort(error);
    }
    this.#calls.clear();
    this.#subscriptions?.fail(error);
    this.#options.onEnd(this);
  }

  async close(error: TransportError): Promise<void> {
    this.end(error);
    await this.#link.close();
  }

  /** Ends the subscriptions of a session that the server has forgotten. Calls in flight go on. */
  forget(error: TransportError): void {
    this.#subscriptions.fail(error);
  }

  #start(request: JSONRPCRequest, isOfCaller = true): Call {
    this.#lastId += 1;
    const call = new Call(this.#lastId, request, isOfCaller);
    this.#calls.set(call.id, call);
    if (mayAsk(call)) for (const ask of this.#requests.takeHeld()) call.ask(ask);
    const { signal } = call.controller;
    const onMessage = (message: unknown) => this.#receive(message, call);
    this.#link
      .send(toLegacyRequest(request, call.id), { signal, onMessage })
      .catch((error) => call.reject(error));
    return call;
  }

  /** Waits for the next state of a call. */
  async #advance(
    call: Call,
    request: JSONRPCRequest,
    context: RequestContext,
    before: () => void = () => {},
  ): Promise<Result> {
    try {
      before();
      const state = await call.next(request, context);
      if ("asks" in state) {
        const asked = [...state.asks].map(([key, ask]) => [key, ask.request] as const);
        const inputRequests = Object.fromEntries(asked) as InputRequests;
        const requestState = this.#parked.park(call, context);
        return { resultType: inputRequired, inputRequests, requestState };
      }
      this.#calls.delete(call.id);
      call.controller.abort();
      this.#requests.release(call.asks.values(), false);
      return fromLegacyResult(state.result, request.method);
    } catch (error) {
      this.#abandon(call, error);
      throw fromLegacyError(error, request, this.version);
    }
  }

  /** Sends the answers of the caller to the server. */
  #respond(call: Call, responses: unknown): void {
    for (const [key, { id, request }] of [...call.asks]) {
      const result = isObject(responses) ? responses[key] : undefined;
      if (result === undefined) continue;
      if (!isResponseTo(request, result)) {
        throw invalidParams(
          `params.inputResponses.${key}: expected a response to ${request.method}`,
        );
      }
      call.asks.delete(key);
      // Without its answer, the server would wait until the caller gives up.
      this.#link.send({ jsonrpc: "2.0", id, result }).catch((error) => this.#abandon(call, error));
    }
  }

  /** Ends a call. One that the server still works on is cancelled. */
  #abandon(call: Call, error: unknown): void {
    if (!this.#calls.delete(call.id)) return;
    if (!call.isSettled) this.#post({ ...cancelledNotification(call.id) });
    this.#requests.release(call.asks.values(), true);
    call.reject(error);
    call.controller.abort(error);
  }

  /** Sends a request of the session itself. */
  #request(method: string, params: JSONObject, signal?: AbortSignal): Promise<Result> {
    const ms = this.#options.initializeMs;
    const tooLate = () => new TransportError("timeout", `No answer to ${method} within ${ms} ms`);
    const request = { jsonrpc: "2.0", id: 0, method, params } as const;
    return within({ signal, ms, tooLate }, async (limited) => {
      const call = this.#start(request, false);
      try {
        const state = await call.next(request, { signal: limited, notify: () => {} });
        if ("result" in state) return state.result;
        throw new TransportError("malformed", `${method}: the server asked for input`);
      } finally {
        this.#calls.delete(call.id);
        call.controller.abort();
      }
    });
  }

  /**
   * Sets the level of log messages where a request asks for less severe ones than before.
   *
   * @spec 2025-11-25/server/utilities/logging#setting-log-level
   */
  async #setLevel(request: JSONRPCRequest): Promise<void> {
    const level = new Call(0, request).logLevel;
    if (level === undefined || this.#introduction.capabilities.logging === undefined) return;
    if (this.#level !== undefined && isAtLeast(level, this.#level)) return;
    this.#level = level;
    // Log messages are an extra, so a server that refuses the level does not fail the request.
    await this.#request("logging/setLevel", { level }).catch(() => {});
  }

  /**
   * Sends a message whose loss is of no consequence to a caller. A server can cause any number of
   * them, so they are dropped while it does not take those before.
   */
  #post(message: JSONObject): void {
    if (this.#posted >= maxPosted) return;
    this.#posted += 1;
    const settle = (): void => {
      this.#posted -= 1;
    };
    this.#link.send(message).then(settle, settle);
  }

  #receive(message: unknown, origin?: Call): void {
    if (Array.isArray(message)) for (const one of message) this.#receive(one, origin);
    else if (!isObject(message)) return;
    else if (typeof message.method !== "string") this.#settle(message);
    else if (isRequestId(message.id)) this.#requests.receive(message, origin);
    else if (!("id" in message)) this.#notify(message as unknown as JSONRPCNotification, origin);
  }

  #settle({ id, result, error }: JSONObject): void {
    const call = this.#calls.get(id as number);
    if (call === undefined) return;
    if (isObject(result)) call.resolve(result as Result);
    else {
      const malformed = new TransportError("malformed", "response: expected a result or an error");
      call.reject(ProtocolError.fromWire(error) ?? malformed);
    }
  }

  #notify(notification: JSONRPCNotification, origin: Call | undefined): void {
    const { method, params } = notification;
    const withdrawn = cancelledRequestId(notification);
    if (withdrawn !== undefined) this.#withdraw(withdrawn);
    else if (method === progressMethod) {
      this.#calls.get(params?.progressToken as number)?.progress(notification);
    } else if (method === logMessageMethod) (origin ?? this.#loggedCall())?.log(notification);
    else this.#subscriptions?.deliver(notification);
  }

  #withdraw(id: RequestId): void {
    if (this.#requests.withdraw(id)) return;
    for (const call of this.#calls.values()) if (call.withdraw(id)) return;
  }

  /** Returns the call to which a log message belongs that names none: the only one that asked. */
  #loggedCall(): Call | undefined {
    const asking = [...this.#calls.values()].filter(({ logLevel }) => logLevel !== undefined);
    return asking.length === 1 ? asking[0] : undefined;
  }

  /**
   * Returns the call to which a request of the server is assigned that names none: one whose caller
   * waits, with as few requests as possible. The answer reaches the right request in any case.
   */
  #callFor(): Call | undefined {
    const calls = [...this.#calls.values()].filter(mayAsk);
    const attached = calls.filter(({ isAttached }) => isAttached);
    const candidates = attached.length > 0 ? attached : calls;
    return candidates.reduce<Call | undefined>(
      (best, call) => (best === undefined || call.askedCount < best.askedCount ? call : best),
      undefined,
    );
  }
}

const methods = new Map(coreMethods.map((method) => [method.name, method]));

/** Returns true for a call whose caller may be asked for input. */
function mayAsk({ isOfCaller, request }: Call): boolean {
  return isOfCaller && methods.get(request.method)?.inputRequired === true;
}

/** Ignores that the standalone stream did not open, except in a session that is over. */
function unlessOver(error: unknown): void {
  if (error instanceof SessionOver) throw error;
}

function lost(server: string, cause: unknown): TransportError {
  return new TransportError("closed", `${server}: the stream of notifications has ended`, {
    cause,
  });
}
