/**
 * A transport to a legacy server. It takes requests of the current revision, and speaks a session:
 * opens it with the first request, and again when the server has forgotten it.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import type { RequestContext, Transport } from "../../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError, unlessAborted } from "../../time/abort.ts";
import type { AnswerRequest } from "../../transport/era.ts";
import type { PassedCall, PassedRequest } from "../../transport/passed-call.ts";
import { type OpenLink, SessionOver } from "./link.ts";
import { isContinuation, sessionForgotten } from "./parked-calls.ts";
import { LegacySession } from "./session.ts";

export interface LegacyTransportOptions {
  /** The server, as messages name it. */
  readonly server: string;
  /** The legacy version to speak. @default the newest that the server has */
  readonly version?: string | undefined;
  /** Answers requests of the server outside of a call. @default they are refused */
  readonly answer?: AnswerRequest | undefined;
  /** Maximum time for `initialize`, in milliseconds. @default 30000 */
  readonly initializeMs?: number | undefined;
  /** Maximum number of calls that wait for input of their callers. @default 1000 */
  readonly maxParked?: number | undefined;
  /** Maximum time that a call waits for input of its caller, in milliseconds. @default 600000 */
  readonly inputWaitMs?: number | undefined;
}

interface Received {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
}

export class LegacyTransport implements Transport {
  readonly mirrorsHeaders = false;
  readonly #openLink: OpenLink;
  readonly #options: LegacyTransportOptions;
  readonly #closed = new AbortController();
  #opening: Promise<LegacySession> | undefined;
  #session: LegacySession | undefined;

  constructor(openLink: OpenLink, options: LegacyTransportOptions) {
    this.#openLink = openLink;
    this.#options = options;
  }

  /** The version of the current session. */
  get version(): string | undefined {
    return this.#session?.version;
  }

  /** True while a session is open. */
  get isOpen(): boolean {
    return this.#session !== undefined && !this.#closed.signal.aborted;
  }

  /** Opens the session, if none is open, with the capabilities that a request declares. */
  open(request: JSONRPCRequest): Promise<LegacySession> {
    if (this.#closed.signal.aborted) return Promise.reject(abortError(this.#closed.signal));
    this.#opening ??= this.#open(request);
    return this.#opening;
  }

  readonly serve = async (request: JSONRPCRequest, context: RequestContext): Promise<Result> => {
    const open = this.isOpen && !context.signal.aborted ? this.#session : undefined;
    const session = open ?? (await this.#join(request, context));
    return this.#serveIn(session, { request, context }, () => session.serve(request, context));
  };

  /** Starts a call whose messages another one sends. Returns undefined for one that must be served. */
  pass(passed: PassedRequest): PassedCall | undefined {
    const session = this.isOpen ? this.#session : undefined;
    const call = session?.pass(passed);
    if (session === undefined || call === undefined) return undefined;
    const serve: PassedCall["serve"] = (request, context, send) =>
      this.#serveIn(session, { request, context }, () => call.serve(request, context, send));
    return { ...call, serve };
  }

  /** Serves a request in a session, or in another one if the server has forgotten it. */
  async #serveIn(
    session: LegacySession,
    { request, context }: Received,
    serve: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await serve();
    } catch (error) {
      if (!(error instanceof SessionOver)) throw error;
      this.#forget(session, error);
      // Another session does not have the call.
      if (isContinuation(request)) throw sessionForgotten();
    }
    // The server has refused the request, so it is safe to send it again.
    return (await this.#join(request, context)).serve(request, context);
  }

  /** Ends the call that waits for input under this state. */
  abandon(state: string): void {
    this.#session?.abandon(state);
  }

  readonly close = async (): Promise<void> => {
    const error = new TransportError("closed", "The transport was closed");
    this.#closed.abort(error);
    const session = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await session?.close(error);
  };

  #join(request: JSONRPCRequest, { signal }: RequestContext): Promise<LegacySession> {
    if (signal.aborted) return Promise.reject(abortError(signal));
    return unlessAborted(this.open(request), signal);
  }

  async #open(request: JSONRPCRequest): Promise<LegacySession> {
    const { server, version, answer } = this.#options;
    const { initializeMs = 30_000, maxParked = 1000, inputWaitMs = 600_000 } = this.#options;
    const limits = { initializeMs, maxParked, inputWaitMs };
    const openLink = this.#openLink;
    const onEnd = (session: LegacySession): void => this.#forget(session);
    const settings = { openLink, server, version, answer, onEnd, ...limits };
    try {
      this.#session = await LegacySession.open(settings, request, this.#closed.signal);
      return this.#session;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Lets the next request open a session. The calls in flight of the old one continue. */
  #forget(session: LegacySession, error?: TransportError): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#opening = undefined;
    if (error !== undefined) session.forget(error);
  }
}
