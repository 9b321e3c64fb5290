import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { RequestMeta } from "../../protocol/meta.ts";
import type { HttpRules, ReadHeader } from "./rules.ts";

/** The parts of a request that its context shows. */
export interface HttpContextInit {
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  readonly rules: Pick<HttpRules, "versions">;
}

/** The exchange to which a context belongs. */
interface ContextOwner {
  readonly notify: RequestContext["notify"];
  /** Creates the signal; called once, on the first access. */
  createSignal(): AbortSignal;
}

/**
 * The context of a request over HTTP. Its signal is created on first access, because it costs as
 * much as all checks together and most handlers never use it. Do not extend this class: when a
 * subclass adds members after the accessor is defined, V8 retains every request until the next full
 * garbage collection.
 */
export class HttpContext implements RequestContext {
  declare readonly signal: AbortSignal;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  readonly versions: readonly string[];
  readonly notify: RequestContext["notify"];
  meta: RequestMeta | undefined = undefined;
  readonly #owner: ContextOwner;
  #signal: AbortSignal | undefined;

  constructor({ header, principal, address, rules }: HttpContextInit, owner: ContextOwner) {
    this.header = header;
    this.principal = principal;
    this.address = address;
    this.versions = rules.versions;
    this.notify = notifyOf(owner);
    this.#owner = owner;
    Object.defineProperty(this, "signal", HttpContext.#lazySignal);
  }

  /**
   * The accessor that each instance gets as its own member, because middleware copies contexts with
   * `{ ...context }`, which ignores accessors of the class. An accessor in an object literal would
   * be a new function for each request, and V8 would retain the request until the next full garbage
   * collection.
   */
  static readonly #lazySignal: PropertyDescriptor & ThisType<HttpContext> = {
    enumerable: true,
    get() {
      this.#signal ??= this.#owner.createSignal();
      return this.#signal;
    },
  };
}

/**
 * V8 allocates a function in the old generation if its expression is assigned to a member. The function
 * would keep its request until the next full garbage collection.
 */
function notifyOf(owner: ContextOwner): RequestContext["notify"] {
  return (notification) => owner.notify(notification);
}
