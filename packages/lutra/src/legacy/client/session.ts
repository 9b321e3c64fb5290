/**
 * A session with a legacy server: opened by `initialize`, it carries the requests of one or several
 * callers, and the requests of the server to them.
 *
 * @spec 2025-11-25/basic/lifecycle
 */
import { cancelledNotification, cancelledRequestId } from "../../protocol/cancellation.ts";
import { discover } from "../../protocol/discover.ts";
import { invalidParams } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import { type InputRequests, inputRequired, isResponseTo } from "../../protocol/input-required.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { isRequestId } from "../../protocol/json-rpc.ts";
import { listen } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { initializeMethod } from "../../protocol/versioning.ts";
import { abortError } from "../../time/abort.ts";
import { within } from "../../time/within.ts";
import type { AnswerRequest } from "../../transport/era.ts";
import type { PassedCall, PassedRequest } from "../../transport/passed-call.ts";
import { initializedMethod } from "../initialize.ts";
import { type Call, logLevelOf } from "./call.ts";
import {
  discoverResult,
  expectedVersions,
  fromLegacyError,
  fromLegacyResult,
  type Introduction,
  readIntroduction,
} from "./from-legacy.ts";
import { type Link, type OpenLink, SessionOver } from "./link.ts";
import { OwnMessages } from "./own-messages.ts";
import { isContinuation, ParkedCalls } from "./parked-calls.ts";
import { ServerRequests } from "./server-requests.ts";
import { mayAsk, SessionCalls } from "./session-calls.ts";
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
  readonly inputWaitMs: number;
  /** Called when the connection has ended. */
  readonly onEnd: (session: LegacySession) => void;
}

/** Capabilities with which a server may send requests at any time. */
const inputCapabilities = ["elicitation", "sampling", "roots"];

export class LegacySession {
  readonly #options: SessionOptions;
  readonly #calls = new SessionCalls();
  readonly #parked: ParkedCalls;
  readonly #requests: ServerRequests;
  readonly #own: OwnMessages;
  #link!: Link;
  #introduction!: Introduction;
  #subscriptions!: Subscriptions;
  /** True when the client has declared that the server may send requests. */
  #takesRequests = false;

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
    const { maxParked, inputWaitMs } = options;
    const onExpired = (call: Call, error: TransportError) => this.#abandon(call, error);
    this.#parked = new ParkedCalls({ maxParked, inputWaitMs, onExpired });
    this.#requests = new ServerRequests({
      send: (message) => this.#own.post(message),
      answer: options.answer,
      callFor: () => this.#calls.forRequest(),
    });
    this.#own = new OwnMessages({
      requestMs: options.initializeMs,
      start: (request) => this.#start(request, false),
      end: (call) => this.#release(call),
      send: (message) => this.#link.send(message),
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
    const result = await this.#own.request(initializeMethod, params, signal);
    this.#introduction = readIntroduction(result, versions);
    this.#link.setVersion(this.version);
    this.#requests.declared = introduction.capabilities;
    const openStream = () => this.#link.openStream();
    const send = (method: string, sent: JSONObject) => this.#own.request(method, sent);
    const { capabilities } = this.#introduction;
    this.#subscriptions = new Subscriptions({ capabilities, openStream, request: send });
    this.#takesRequests = inputCapabilities.some((name) => name in introduction.capabilities);
    await this.#link.send({ jsonrpc: "2.0", method: initializedMethod });
  }

  /** Serves a request of the current revision. */
  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    if (request.method === discover.name) return discoverResult(this.#introduction);
    if (request.method === listen.name) return this.#subscriptions.serve(request, context);
    if (isContinuation(request)) {
      const call = this.#parked.take(request, context);
      return this.#advance(call, request, context, () =>
        this.#respond(call, request.params?.inputResponses),
      );
    }
    // Some servers send their requests on the standalone stream only.
    if (this.#takesRequests) await this.#link.openStream().catch(unlessOver);
    if (this.#introduction.capabilities.logging) await this.#own.setLevel(request);
    if (context.signal.aborted) throw abortError(context.signal);
    const call = this.#start(request);
    return this.#advance(call, request, context);
  }

  /**
   * Starts a call whose messages another one sends. Returns undefined for one that must be served,
   * because the server may have messages for it, or has to get others before it.
   */
  pass({ request, onEvent }: PassedRequest): PassedCall | undefined {
    const { passing } = this.#link;
    if (passing === undefined || logLevelOf(request) !== undefined) return undefined;
    if (this.#takesRequests && (!passing.hasStream || this.#requests.hasHeld)) return undefined;
    const call = this.#calls.add(request, true);
    call.onEvent = onEvent;
    return {
      id: call.id,
      headers: passing.headers,
      end: () => {
        if (this.#calls.remove(call)) this.#requests.release(call.asks.values(), false);
      },
      cancel: (error) => this.#abandon(call, error),
      serve: (received, context, send) => {
        call.onEvent = undefined;
        this.#send(call, received, send);
        return this.#advance(call, received, context);
      },
    };
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
    this.#calls.end(error);
    this.#subscriptions?.fail(error);
    this.#options.onEnd(this);
  }

  async close(error: TransportError): Promise<void> {
    this.end(error);
    await this.#link.close();
  }

  /** Ends the subscriptions of a session that the server has forgotten. Calls in flight continue. */
  forget(error: TransportError): void {
    this.#subscriptions.fail(error);
  }

  #start(request: JSONRPCRequest, isOfCaller = true): Call {
    const call = this.#calls.add(request, isOfCaller);
    if (mayAsk(call)) for (const ask of this.#requests.takeHeld()) call.ask(ask);
    this.#send(call, request);
    return call;
  }

  #send(call: Call, request: JSONRPCRequest, send?: typeof fetch): void {
    const { signal } = call.controller;
    const onMessage = (message: unknown) => this.#receive(message, call);
    this.#link
      .send(toLegacyRequest(request, call.id), { signal, onMessage, send })
      .catch((error) => call.reject(error));
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
      this.#release(call);
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

  /** Removes a call that has ended. */
  #release(call: Call): void {
    this.#calls.remove(call);
    call.controller.abort(over);
  }

  /** Ends a call. One that the server still works on is cancelled. */
  #abandon(call: Call, error: unknown): void {
    if (!this.#calls.remove(call)) return;
    if (!call.isSettled) this.#own.post({ ...cancelledNotification(call.id) });
    this.#requests.release(call.asks.values(), true);
    call.reject(error);
    call.controller.abort(error);
  }

  #receive(message: unknown, origin?: Call): void {
    if (Array.isArray(message)) for (const one of message) this.#receive(one, origin);
    else if (!isObject(message)) return;
    else if (typeof message.method !== "string") this.#calls.settle(message);
    else if (isRequestId(message.id)) this.#requests.receive(message, origin);
    else if (!("id" in message)) this.#notify(message as unknown as JSONRPCNotification, origin);
  }

  #notify(notification: JSONRPCNotification, origin: Call | undefined): void {
    const withdrawn = cancelledRequestId(notification);
    if (withdrawn !== undefined) {
      if (!this.#requests.withdraw(withdrawn)) this.#calls.withdraw(withdrawn);
    } else if (!this.#calls.notify(notification, origin)) {
      this.#subscriptions?.deliver(notification);
    }
  }
}

/** The reason for ending the stream of a call that has its result. A new error would cost its trace. */
const over = new TransportError("aborted", "The call has ended");

/** Ignores that the standalone stream did not open, except in a session that has ended. */
function unlessOver(error: unknown): void {
  if (error instanceof SessionOver) throw error;
}

function lost(server: string, cause: unknown): TransportError {
  return new TransportError("closed", `${server}: the stream of notifications has ended`, {
    cause,
  });
}
