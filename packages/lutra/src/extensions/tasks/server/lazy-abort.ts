/**
 * The signal of a round. Creating signals costs as much as the rest of a short round, and most
 * handlers never use theirs, so it is created on demand.
 */
import type { RequestContext } from "../../../protocol/exchange.ts";
import type { RequestMeta } from "../../../protocol/meta.ts";

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

/** The context of a round outside of a request, which has no progress and no log messages. */
export class RoundContext implements RequestContext {
  readonly principal: RequestContext["principal"];
  readonly meta: RequestMeta;
  readonly #controller: LazyAbortController;

  constructor(
    controller: LazyAbortController,
    principal: RequestContext["principal"],
    meta: RequestMeta,
  ) {
    this.#controller = controller;
    this.principal = principal;
    this.meta = meta;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  notify(): void {}
}
