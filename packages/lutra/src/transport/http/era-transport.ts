/**
 * The HTTP transport of a client that speaks both eras. It begins with the current revision; the code
 * for earlier ones is loaded when the server does not seem to speak it.
 *
 * @spec basic/transports/streamable-http#backward-compatibility
 */
import type { RequestContext, Serve, Transport } from "../../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { linkAbort } from "../../time/abort.ts";
import {
  type AnswerRequest,
  type DualTransport,
  type EraOptions,
  isModernEra,
  requireEraOptions,
  type ServerEra,
} from "../era.ts";
import type { PassedCall, PassedRequest } from "../passed-call.ts";
import type { HttpTransportOptions } from "./client.ts";

/** The outcome of a request of the current revision to a server of unknown era. */
export type Attempt = { readonly result: Result } | { readonly error: unknown };

/** The part of the transport that is loaded on demand. */
export interface HttpEras {
  /** The era of the server, once it is known. */
  readonly era: ServerEra | undefined;
  readonly serve: Serve;
  /** Detects the era from the first request, and sends it again where that is right. */
  readonly recover: (
    request: JSONRPCRequest,
    context: RequestContext,
    attempt: Attempt,
  ) => Promise<Result>;
  /** Resolves to true when a silent server turns out to be a legacy one, unless it has answered. */
  readonly suspect: (request: JSONRPCRequest, answered: AbortSignal) => Promise<boolean>;
  /** The version of the open session with a legacy server, if there is one. */
  readonly version: string | undefined;
  /**
   * Starts a call in the open session with a legacy server. Returns undefined without a session, and
   * for a request that must be served.
   */
  readonly pass: (passed: PassedRequest) => PassedCall | undefined;
  readonly abandon: (requestState: string) => void;
  readonly close: () => Promise<void>;
}

export interface HttpErasInit extends EraOptions {
  /** Sends the HTTP requests of sessions. @default the `fetch` of the options or of the platform */
  readonly send?: typeof fetch;
  /** Releases the connections of `send`. */
  readonly release?: () => Promise<void>;
  readonly modern: Transport;
  readonly url: URL;
  readonly options: HttpTransportOptions;
  /** Answers requests outside of a call. @default they belong to a call, or are refused */
  readonly answer?: AnswerRequest | undefined;
}

/** Loads the code for servers of earlier revisions. */
export type LoadEras = () => Promise<{ readonly createHttpEras: (init: HttpErasInit) => HttpEras }>;

/** True once a client of this process has met a server that may be a legacy one. */
let hasLoaded = false;

class EraTransport implements DualTransport {
  answer: AnswerRequest | undefined;
  readonly #init: HttpErasInit;
  readonly #load: LoadEras;
  #eras: Promise<HttpEras> | undefined;
  #loaded: HttpEras | undefined;
  #isModern = false;
  #isClosed = false;

  constructor(init: Omit<HttpErasInit, "answer">, load: LoadEras) {
    const answer: AnswerRequest = (request, signal) => {
      if (this.answer === undefined) throw new Error("no handler");
      return this.answer(request, signal);
    };
    this.#init = { ...init, answer };
    this.#load = load;
  }

  get era(): ServerEra | undefined {
    return this.#isModern ? "modern" : this.#loaded?.era;
  }

  /** Only the current revision mirrors arguments into headers. */
  get mirrorsHeaders(): boolean {
    return this.era !== "legacy";
  }

  readonly serve: Serve = async (request, context) => {
    const { modern, era = "auto", verdicts } = this.#init;
    if (this.#isModern) return modern.serve(request, context);
    // Verdicts are read by the loaded code.
    const mayBeKnown = hasLoaded || verdicts !== undefined || era !== "auto";
    if (mayBeKnown) return (await this.#open()).serve(request, context);
    return this.#attempt(request, context);
  };

  readonly abandon = (requestState: string): void => this.#loaded?.abandon(requestState);

  readonly close = async (): Promise<void> => {
    this.#isClosed = true;
    await Promise.all([this.#init.modern.close(), this.#loaded?.close()]);
  };

  async #attempt(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const suspect: Attempted["suspect"] = async (answered) =>
      (await this.#open()).suspect(request, answered);
    const attempt = await attemptModern(this.#init, { request, context, suspect });
    if (isTyped(attempt)) {
      this.#isModern = true;
      return attempt.result;
    }
    if (this.#isClosed && "error" in attempt) throw attempt.error;
    return (await this.#open()).recover(request, context, attempt);
  }

  #open(): Promise<HttpEras> {
    hasLoaded = true;
    this.#eras ??= this.#load().then(({ createHttpEras }) => {
      this.#loaded = createHttpEras(this.#init);
      return this.#loaded;
    });
    return this.#eras;
  }
}

interface Attempted {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  /** Resolves to true when a silent server turns out to be a legacy one. */
  readonly suspect: (answered: AbortSignal) => Promise<boolean>;
}

/** Sends a request of the current revision, and gives it up when the server is a silent legacy one. */
export async function attemptModern(
  { modern, probeTimeoutMs = 10_000 }: HttpErasInit,
  { request, context, suspect }: Attempted,
): Promise<Attempt> {
  const controller = linkAbort(context.signal);
  const answered = new AbortController();
  const timer = setTimeout(async () => {
    if (await suspect(answered.signal).catch(() => false)) controller.abort();
  }, probeTimeoutMs);
  try {
    const { signal } = controller;
    const attempt = { result: await modern.serve(request, { ...context, signal }) };
    if (isTyped(attempt)) answered.abort();
    return attempt;
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}

/** Returns true for a result with a type, which only results of earlier revisions lack. */
export function isTyped(attempt: Attempt): attempt is { readonly result: Result } {
  return "result" in attempt && attempt.result.resultType !== undefined;
}

/**
 * Adds the earlier revisions to the transport of a platform.
 *
 * @throws {TypeError} for an unknown era
 */
export function withEras(
  createHttpTransport: (url: URL, options: HttpTransportOptions) => Transport,
  load: LoadEras,
): (url: URL, options: HttpTransportOptions & EraOptions) => Transport {
  return (url, options) => {
    const { era, verdicts, probeTimeoutMs, inputWaitMs } = options;
    requireEraOptions(options);
    const modern = createHttpTransport(url, options);
    if (isModernEra(era)) return modern;
    const own = { era, verdicts, probeTimeoutMs, inputWaitMs };
    return new EraTransport({ modern, url, options, ...own }, load);
  };
}
