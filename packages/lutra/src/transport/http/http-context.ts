import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";
import type { RequestMeta } from "../../protocol/meta.ts";
import type { ReadHeader } from "./rules.ts";

/**
 * The context of a request that came over HTTP. Its signal is made on demand: it costs as much as
 * all checks together, and most handlers never look at it.
 */
export abstract class HttpContext implements RequestContext {
  declare readonly signal: AbortSignal;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly notify: RequestContext["notify"];
  meta: RequestMeta | undefined = undefined;
  #signal: AbortSignal | undefined;

  constructor(header: ReadHeader, principal: Principal | undefined) {
    this.header = header;
    this.principal = principal;
    this.notify = (notification) => this.send(notification);
    Object.defineProperty(this, "signal", HttpContext.#lazySignal);
  }

  /** Sends a notification ahead of the result. */
  protected abstract send(notification: JSONRPCNotification): void | Promise<void>;

  /** Makes the signal; called once, when the signal is first asked for. */
  protected abstract createSignal(): AbortSignal;

  /**
   * Middleware copies contexts with `{ ...context }`, which takes own members only, so an accessor
   * of the class would be lost. One in an object literal would be a new function each time, for
   * which V8 keeps all that belongs to a request until the next full collection.
   */
  static readonly #lazySignal: PropertyDescriptor & ThisType<HttpContext> = {
    enumerable: true,
    get() {
      this.#signal ??= this.createSignal();
      return this.#signal;
    },
  };
}
