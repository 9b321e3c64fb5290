/** What a server tells of one task by itself. */
import type { ClientHost } from "../../../client/extension.ts";
import type { JSONRPCNotification } from "../../../protocol/json-rpc.ts";
import { delay } from "../../../time/backoff.ts";
import type { DetailedTask } from "../protocol.ts";
import { parseTask, taskFilterMember, taskNotificationMethod } from "../protocol.ts";

/**
 * How many tasks of one client are subscribed to at once; others are polled. Each takes a stream, and
 * browsers have six connections to a server.
 */
const maxOpen = 4;

/** By client, how many subscriptions are open; `Infinity` where the server has none to offer. */
const opened = new WeakMap<ClientHost, number>();

/** A subscription to one task, and the pauses between looks where there is none. */
export class TaskFeed {
  readonly #taskId: string;
  readonly #signal: AbortSignal;
  readonly #ended = new AbortController();
  #isLive = false;
  #told: DetailedTask | undefined;
  #wake: AbortController | undefined;

  constructor(taskId: string, signal: AbortSignal) {
    this.#taskId = taskId;
    this.#signal = signal;
  }

  /** Whether the server has agreed to tell. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Follows the task until the feed is closed. That it can't is no failure: there are looks. */
  async open(host: ClientHost): Promise<void> {
    const { onWarning } = host.options;
    if (openOf(host) >= maxOpen) return;
    opened.set(host, openOf(host) + 1);
    try {
      const filter = { [taskFilterMember]: [this.#taskId] };
      const subscription = await host.listen(filter, { signal: this.#ended.signal });
      const agreed = subscription.acknowledged[taskFilterMember];
      if (!Array.isArray(agreed) || !agreed.includes(this.#taskId)) {
        opened.set(host, Number.POSITIVE_INFINITY);
        subscription.close();
        return;
      }
      this.#setLive(true);
      for await (const notification of subscription) this.#read(notification);
    } catch (error) {
      if (!this.#ended.signal.aborted) onWarning("tasks: no notifications, it polls", error);
    } finally {
      opened.set(host, openOf(host) - 1);
      this.#setLive(false);
    }
  }

  /** What the server tells; `undefined` when it is time to ask. */
  async next(pauseMs: () => number): Promise<DetailedTask | undefined> {
    for (;;) {
      if (this.#told !== undefined) {
        const told = this.#told;
        this.#told = undefined;
        return told;
      }
      const wake = new AbortController();
      this.#wake = wake;
      const onAbort = () => wake.abort();
      this.#signal.addEventListener("abort", onAbort);
      try {
        if (this.#signal.aborted) throw this.#signal.reason;
        await delay(pauseMs(), wake.signal);
        return undefined;
      } catch (error) {
        if (this.#signal.aborted) throw this.#signal.reason;
        if (!wake.signal.aborted) throw error;
      } finally {
        this.#wake = undefined;
        this.#signal.removeEventListener("abort", onAbort);
      }
    }
  }

  close(): void {
    this.#ended.abort();
  }

  #read({ method, params = {} }: JSONRPCNotification): void {
    if (method !== taskNotificationMethod || params.taskId !== this.#taskId) return;
    this.#told = parseTask(params);
    this.#wake?.abort();
  }

  /** How long a pause is depends on it. */
  #setLive(isLive: boolean): void {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    this.#wake?.abort();
  }
}

function openOf(host: ClientHost): number {
  return opened.get(host) ?? 0;
}
