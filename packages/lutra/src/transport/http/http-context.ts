import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { RequestMeta } from "../../protocol/meta.ts";
import type { ReadHeader } from "./rules.ts";

export interface HttpContextInit {
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly notify: RequestContext["notify"];
  /** Makes the signal; called once, when the signal is first asked for. */
  readonly signal: () => AbortSignal;
}

/**
 * The context of a request that came over HTTP. Its signal is made on demand: it costs as much as
 * all checks together, and most handlers never look at it. Not to be extended: with the accessor
 * defined before a subclass adds members, V8 keeps every request until the next full collection.
 */
export class HttpContext implements RequestContext {
  declare readonly signal: AbortSignal;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly notify: RequestContext["notify"];
  meta: RequestMeta | undefined = undefined;
  readonly #init: HttpContextInit;
  #signal: AbortSignal | undefined;

  constructor(init: HttpContextInit) {
    this.header = init.header;
    this.principal = init.principal;
    this.notify = init.notify;
    this.#init = init;
    Object.defineProperty(this, "signal", HttpContext.#lazySignal);
  }

  /**
   * Middleware copies contexts with `{ ...context }`, which takes own members only, so an accessor
   * of the class would be lost. One in an object literal would be a new function each time, for
   * which V8 keeps all that belongs to a request until the next full collection.
   */
  static readonly #lazySignal: PropertyDescriptor & ThisType<HttpContext> = {
    enumerable: true,
    get() {
      this.#signal ??= this.#init.signal();
      return this.#signal;
    },
  };
}
