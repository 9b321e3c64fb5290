/**
 * The signal of a round. Creating signals costs as much as the rest of a short round, and most
 * handlers never use theirs, so it is created on demand.
 */
import type { RequestContext } from "../../../protocol/exchange.ts";

/** An `AbortController` that creates its signal on first use. */
export class LazyAbortController {
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  get reason(): unknown {
    return this.#aborted?.reason;
  }

  /** Aborts with the first reason; later ones are ignored. */
  abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }
}

/**
 * The context of a round with an abort controller of its own. A class, because V8 retains objects with
 * an accessor in their literal until the next full garbage collection.
 */
export class RoundContext implements RequestContext {
  readonly notify: RequestContext["notify"];
  readonly principal: RequestContext["principal"];
  readonly address: RequestContext["address"];
  readonly header: RequestContext["header"];
  readonly meta: RequestContext["meta"];
  readonly #controller: LazyAbortController;

  constructor(controller: LazyAbortController, init: Omit<RequestContext, "signal">) {
    this.#controller = controller;
    this.notify = init.notify;
    this.principal = init.principal;
    this.address = init.address;
    this.header = init.header;
    this.meta = init.meta;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}
