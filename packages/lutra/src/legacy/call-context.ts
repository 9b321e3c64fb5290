/** The context of a legacy request, and its cancellation. */
import type { RequestContext } from "../protocol/exchange.ts";
import type { RequestMeta } from "../protocol/meta.ts";

/**
 * Cancels one request. Its signal is created on first access, because it costs as much as all checks
 * together and most handlers never use it.
 */
export class Cancellation {
  isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;

  /** Creates a cancellation that follows a signal. */
  static from(signal: AbortSignal): Cancellation {
    const own = new Cancellation();
    if (signal.aborted) own.abort(signal.reason);
    else signal.addEventListener("abort", () => own.abort(signal.reason), { once: true });
    return own;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** The context of one execution of a request. For the form of its signal, see `HttpContext`. */
export class CallContext implements RequestContext {
  declare readonly signal: AbortSignal;
  readonly notify: RequestContext["notify"];
  meta: RequestMeta | undefined = undefined;
  readonly #cancellation: Cancellation;

  /** @param members The members that the contexts of all requests of the exchange have */
  constructor(
    members: object,
    { notify, cancellation }: Pick<RequestContext, "notify"> & { cancellation: Cancellation },
  ) {
    this.notify = notify;
    this.#cancellation = cancellation;
    Object.assign(this, members, { notify });
    Object.defineProperty(this, "signal", CallContext.#lazySignal);
  }

  static readonly #lazySignal: PropertyDescriptor & ThisType<CallContext> = {
    enumerable: true,
    get() {
      return this.#cancellation.signal;
    },
  };
}
