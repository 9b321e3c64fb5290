/** The context of a legacy request, and its cancellation. */
import type { Principal, RequestContext } from "../protocol/exchange.ts";
import type { RequestMeta } from "../protocol/meta.ts";

/** Notified when the signal of a cancellation is first read. */
export interface SignalListener {
  readonly onSignal: () => void;
}

/**
 * Cancels one request. Its signal is created on first access, because it costs as much as all checks
 * together and most handlers never use it.
 */
export class Cancellation {
  isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  readonly #listener: SignalListener | undefined;

  constructor(listener?: SignalListener) {
    this.#listener = listener;
  }

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
      else this.#listener?.onSignal();
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

/** The caller of a request, and what the contexts of all requests of its exchange have. */
export interface RequestSource extends Pick<RequestContext, "principal" | "address"> {
  readonly members?: object | undefined;
}

/** Returns the members that the contexts of all requests of an exchange have. */
export function contextOf({
  members,
  principal,
  address,
}: RequestSource): Pick<RequestContext, "principal" | "address"> {
  return { ...members, principal, address };
}

/** The parts of one execution. */
interface CallParts extends Pick<RequestContext, "notify"> {
  readonly cancellation: Cancellation;
}

/** The context of one execution of a request. For the form of its signal, see `HttpContext`. */
export class CallContext implements RequestContext {
  declare readonly signal: AbortSignal;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  readonly notify: RequestContext["notify"];
  meta: RequestMeta | undefined = undefined;
  readonly #cancellation: Cancellation;

  constructor({ principal, address, members }: RequestSource, { notify, cancellation }: CallParts) {
    this.principal = principal;
    this.address = address;
    this.notify = notify;
    this.#cancellation = cancellation;
    if (members !== undefined) Object.assign(this, members);
    Object.defineProperty(this, "signal", CallContext.#lazySignal);
  }

  static readonly #lazySignal: PropertyDescriptor & ThisType<CallContext> = {
    enumerable: true,
    get() {
      return this.#cancellation.signal;
    },
  };
}
