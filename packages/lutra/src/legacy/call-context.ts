/** The context of a legacy request, and its cancellation. */
import type { Principal, RequestContext } from "../protocol/exchange.ts";
import type { RequestMeta } from "../protocol/meta.ts";
import type { Aborts, CopiedMembers, LazyContext } from "../protocol/request-aborts.ts";

/** Notified when something begins to wait for a cancellation. */
export interface WaitListener {
  readonly onWait: () => void;
}

/**
 * Cancels one request. Its signal is created on first access, because it costs as much as all checks
 * together and most handlers never use it.
 */
export class Cancellation implements Aborts {
  isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #listeners: (() => void)[] | undefined;
  readonly #waits: WaitListener | undefined;

  constructor(waits?: WaitListener) {
    this.#waits = waits;
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
      else this.#waits?.onWait();
    }
    return this.#controller.signal;
  }

  onAbort(listener: () => void): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
    this.#waits?.onWait();
  }

  offAbort(listener: () => void): void {
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index >= 0) this.#listeners?.splice(index, 1);
  }

  abort(reason?: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
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
export class CallContext implements LazyContext {
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

  get aborts(): Aborts {
    return this.#cancellation;
  }

  copyWith(replaced: CopiedMembers): RequestContext {
    const { principal, address, notify } = this;
    const parts = { notify, cancellation: this.#cancellation };
    const copy = new CallContext({ principal, address }, parts);
    for (const key of Reflect.ownKeys(this)) {
      if (key !== "signal") Reflect.set(copy, key, this[key as keyof CallContext]);
    }
    return Object.assign(copy, replaced);
  }

  static readonly #lazySignal: PropertyDescriptor & ThisType<CallContext> = {
    enumerable: true,
    get() {
      return this.#cancellation.signal;
    },
  };
}
