/** Time limits for an exchange of which only notifications and the result are seen. */
import type { JSONRPCRequest, RequestContext, Result, Serve } from "lutra/protocol";
import type { Deadlines, Timed } from "./deadlines.ts";
import { type Phase, phaseError, type TimeLimits } from "./time-limits.ts";

export class TimedExchange implements Timed {
  dueAt = Number.POSITIVE_INFINITY;
  timedOut: Phase | undefined;
  hasAnswer = false;
  readonly #deadlines: Deadlines;
  readonly #limits: TimeLimits;
  readonly #endsAt: number;
  readonly #controller = new AbortController();

  constructor(deadlines: Deadlines, limits: TimeLimits, now: number) {
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#endsAt = now + limits.totalMs;
  }

  async run(serve: Serve, request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { signal } = context;
    const onAbort = () => this.#controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
    this.#deadlines.add(this);
    this.#wait(this.#limits.firstByteMs);
    try {
      return await serve(request, {
        ...context,
        signal: this.#controller.signal,
        notify: (notification) => {
          this.hasAnswer = true;
          this.#wait(this.#limits.idleMs);
          return context.notify(notification);
        },
      });
    } finally {
      this.#deadlines.delete(this);
      signal.removeEventListener("abort", onAbort);
    }
  }

  onDue(): void {
    const phase = this.hasAnswer ? "idle" : "first-byte";
    this.timedOut = this.dueAt < this.#endsAt ? phase : "total";
    this.dueAt = Number.POSITIVE_INFINITY;
    this.#controller.abort(phaseError(this.timedOut));
  }

  #wait(ms: number): void {
    this.dueAt = Math.min(this.#deadlines.in(ms), this.#endsAt);
  }
}
