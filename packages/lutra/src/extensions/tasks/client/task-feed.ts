/** Notifications of one task, and the pauses between polls. */
import type { ClientHost } from "../../../client/extension.ts";
import type { JSONRPCNotification } from "../../../protocol/json-rpc.ts";
import { unlessAborted } from "../../../time/abort.ts";
import { maxTimerMs } from "../../../time/max-timer.ts";
import {
  type DetailedTask,
  parseTask,
  type TaskInfo,
  taskFilterMember,
  taskNotificationMethod,
} from "../protocol.ts";
import { pollPauseMs } from "./poll-task.ts";

/**
 * Maximum number of tasks that one client subscribes to at once; the others are polled. Each
 * subscription occupies a stream, and browsers open at most six HTTP/1.1 connections to a server.
 */
const maxOpen = 4;

/** Shortest interval between polls while the server sends notifications, in milliseconds. */
const notifiedPauseMs = 30_000;

/** Number of open subscriptions per client; `Infinity` if its server sends no notifications. */
const opened = new WeakMap<ClientHost, number>();

export class TaskFeed {
  readonly #taskId: string;
  readonly #signal: AbortSignal;
  readonly #closed = new AbortController();
  /** True while the server sends notifications of the task. */
  #isLive = false;
  #pushed: DetailedTask | undefined;
  #resume: (isDue: boolean) => void = () => {};

  /** @param signal Aborts the pauses */
  constructor(taskId: string, signal: AbortSignal) {
    this.#taskId = taskId;
    this.#signal = signal;
  }

  /** Subscribes to the task until `close` is called. If subscribing fails, polling continues. */
  async open(host: ClientHost): Promise<void> {
    const { onWarning } = host.options;
    if (countOf(host) >= maxOpen) return;
    opened.set(host, countOf(host) + 1);
    try {
      const filter = { [taskFilterMember]: [this.#taskId] };
      const subscription = await host.listen(filter, { signal: this.#closed.signal });
      const agreed = subscription.acknowledged[taskFilterMember];
      if (!Array.isArray(agreed) || !agreed.includes(this.#taskId)) {
        opened.set(host, Number.POSITIVE_INFINITY);
        subscription.close();
        return;
      }
      this.#setLive(true);
      for await (const notification of subscription) this.#read(notification);
    } catch (error) {
      if (!this.#closed.signal.aborted) {
        onWarning("tasks: subscribing failed; the task is only polled", error);
      }
    } finally {
      opened.set(host, countOf(host) - 1);
      this.#setLive(false);
    }
  }

  /** Returns the next state that the server sends, or undefined once the next poll is due. */
  async next(latest: TaskInfo): Promise<DetailedTask | undefined> {
    const pollMs = pollPauseMs(latest);
    while (this.#pushed === undefined) {
      const isDue = await this.#pause(this.#isLive ? Math.max(notifiedPauseMs, pollMs) : pollMs);
      if (isDue) return undefined;
    }
    const pushed = this.#pushed;
    this.#pushed = undefined;
    return pushed;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Resolves to true after `ms`, or to false when it is interrupted. */
  #pause(ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), Math.min(ms, maxTimerMs));
      this.#resume = resolve;
    });
    return unlessAborted(pause, this.#signal).finally(() => clearTimeout(timer));
  }

  #read({ method, params = {} }: JSONRPCNotification): void {
    if (method !== taskNotificationMethod || params.taskId !== this.#taskId) return;
    this.#pushed = parseTask(params);
    this.#resume(false);
  }

  /** Sets `isLive` and restarts a running pause, because its length depends on `isLive`. */
  #setLive(isLive: boolean): void {
    if (this.#isLive === isLive) return;
    this.#isLive = isLive;
    this.#resume(false);
  }
}

function countOf(host: ClientHost): number {
  return opened.get(host) ?? 0;
}
