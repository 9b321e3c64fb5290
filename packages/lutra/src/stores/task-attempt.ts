/** The attempts of tasks, and the operations on claims that an attempt needs from a store. */
import { TransportError } from "../protocol/transport-error.ts";
import type { AttemptOrder, HeldTask, StoredTask, TaskOrder } from "./task-store.ts";

/** The right to run a task, as its store records it. */
export interface Claim {
  /** The task at the time of the claim. */
  readonly task: StoredTask;
  /** Identifies the process that made the claim. */
  readonly session: number;
  /** Grows with each claim of the task. With the task and `session`, it identifies the attempt. */
  readonly number: number;
  /** Number of rejected attempts in a row before this one. */
  readonly rejections: number;
  /** Number of lost attempts in a row before this one. */
  readonly lostAttempts: number;
}

/**
 * The effect of a write on the attempt: none, progress, its end, or its end with another attempt
 * after a pause.
 */
export type ClaimedChange = "keep" | "progress" | "end" | { readonly runAfterMs: number };

/** The result of a write; `lost` when the claim is no longer the task's current one. */
export type Written = "written" | "outdated" | "lost";

/**
 * The end of an attempt. After `released`, other workers take the task. After `lost`, they may have
 * it already.
 */
export type AttemptEnd = "done" | "rejected" | "released" | "lost";

/** Writes under a claim. */
export interface ClaimStore {
  readonly write: (claim: Claim, task: StoredTask, change: ClaimedChange) => Promise<Written>;
  /** Records the end of an attempt; does nothing when the claim is no longer current. */
  readonly settle: (claim: Claim, end: AttemptEnd) => Promise<void>;
  /** Resolves to false when the claim is no longer the task's current one. */
  readonly owns: (claim: Claim) => Promise<boolean>;
}

/**
 * Time for which a claim is trusted after the store has confirmed it, in milliseconds. A process that
 * was paused for longer asks the store again, because another process may have taken its tasks.
 */
const trustedMs = 100;

export interface AttemptOptions {
  /** The time before the claim was made, by `performance.now()`. @default The claim is not trusted */
  readonly claimedAt?: number;
  /** Called when the attempt is no longer open. */
  readonly onClosed?: () => void;
}

/** One attempt. It is open until it has ended or is lost. */
export class Attempt implements HeldTask {
  readonly claim: Claim;
  readonly #store: ClaimStore;
  readonly #options: AttemptOptions;
  readonly #listeners = new Set<(reason: unknown) => void>();
  #phase: "open" | "ended" | "lost" = "open";
  /** The time before the last operation by which the store has confirmed the claim. */
  #confirmedAt: number;

  constructor(claim: Claim, store: ClaimStore, options: AttemptOptions = {}) {
    this.claim = claim;
    this.#store = store;
    this.#options = options;
    this.#confirmedAt = options.claimedAt ?? Number.NEGATIVE_INFINITY;
  }

  get task(): StoredTask {
    return this.claim.task;
  }

  get lostAttempts(): number {
    return this.claim.lostAttempts;
  }

  get rejections(): number {
    return this.claim.rejections;
  }

  get phase(): "open" | "ended" | "lost" {
    return this.#phase;
  }

  replace(task: StoredTask, change: Pick<TaskOrder, "isProgress"> = {}): Promise<boolean> {
    return this.#write(task, change.isProgress ? "progress" : "keep");
  }

  async end(task: StoredTask, { order, afterMs = 0 }: AttemptOrder = {}): Promise<boolean> {
    const isWritten = await this.#write(task, order === "run" ? { runAfterMs: afterMs } : "end");
    if (isWritten) this.#close("ended");
    return isWritten;
  }

  async release(): Promise<void> {
    if (this.#phase !== "open") return;
    await this.#store.settle(this.claim, "released");
    this.#close("ended");
  }

  onLost(listener: (reason: unknown) => void): () => void {
    if (this.#phase === "lost") listener(lostError());
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Refuses all further writes, and notifies the listeners. */
  lose(): void {
    if (!this.#close("lost")) return;
    const reason = lostError();
    for (const listener of this.#listeners) listener(reason);
  }

  confirm(): void | Promise<void> {
    if (this.#phase !== "open") throw lostError();
    if (performance.now() - this.#confirmedAt > trustedMs) return this.#askStore();
  }

  async #askStore(): Promise<void> {
    const askedAt = performance.now();
    if (!(await this.#store.owns(this.claim))) this.lose();
    if (this.#phase !== "open") throw lostError();
    this.#confirmedAt = askedAt;
  }

  async #write(task: StoredTask, change: ClaimedChange): Promise<boolean> {
    if (this.#phase !== "open") throw lostError();
    const askedAt = performance.now();
    const written = await this.#store.write(this.claim, task, change);
    if (written === "lost") {
      this.lose();
      throw lostError();
    }
    if (written === "written") this.#confirmedAt = askedAt;
    return written === "written";
  }

  #close(phase: "ended" | "lost"): boolean {
    if (this.#phase !== "open") return false;
    this.#phase = phase;
    this.#options.onClosed?.();
    return true;
  }
}

function lostError(): TransportError {
  return new TransportError("aborted", "another worker may have taken the task");
}
