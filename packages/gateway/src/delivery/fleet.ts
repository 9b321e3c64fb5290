/** The parts that all deliveries to one upstream share. */
import type { RepeatHints } from "lutra/internal";
import { coreMethods, type Method } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Clock } from "../replicas/clock.ts";
import type { Replica } from "../replicas/replica.ts";
import { Deadlines } from "./deadlines.ts";
import { Gate } from "./gate.ts";
import { shortestOf, type TimeLimits } from "./time-limits.ts";

/** A replica as the delivery policy sees it: over HTTP or stdio. */
export interface Recipient {
  readonly name: string;
  /** Exchanges in flight, subscriptions included. */
  inFlight: number;
  /** Those of them that are subscriptions of the gateway itself, which follow lists of the upstream. */
  ownSubscriptions: number;
  readonly health: {
    readonly succeed: () => void;
    readonly fail: (error: string) => void;
  };
}

export interface Recipients<R> {
  readonly all: readonly R[];
  /** Returns the next replica that is not in `tried`, or `undefined` if none is left. */
  readonly pick: (tried: readonly R[]) => R | undefined;
  /** Records that no connection to the replica was established. */
  readonly failConnect: (replica: R, error: string) => void;
}

export interface FleetInit<R> {
  readonly name: string;
  readonly config: Pick<UpstreamConfig, "concurrency" | "timeouts" | "retries">;
  readonly clock: Clock;
  readonly replicas: Recipients<R>;
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[] | undefined;
  /** Returns the annotations of a tool. Called only if the configuration trusts them. */
  readonly annotations: (tool: string) => RepeatHints | undefined;
  /** Called at most once a minute when no file descriptor is free. @default no callback */
  readonly onShortage?: ((error: string) => void) | undefined;
}

const pollMs = 20;
/** Minimum time between two calls of `onShortage`, in milliseconds. */
const shortagePauseMs = 60_000;

export class Fleet<R extends Recipient = Replica> {
  readonly name: string;
  readonly clock: Clock;
  readonly replicas: Recipients<R>;
  readonly gate: Gate;
  readonly deadlines: Deadlines;
  readonly timeouts: TimeLimits;
  readonly methods: ReadonlyMap<string, Method>;
  /** Maximum number of attempts for one request. */
  readonly maxAttempts: number;
  /** Absent where annotations are not trusted: a wrong one would run a tool twice. */
  readonly annotations: FleetInit<R>["annotations"] | undefined;
  /** True once the upstream accepts no more requests. */
  isClosed = false;
  readonly #onShortage: FleetInit<R>["onShortage"];
  #shortageToldAt = Number.NEGATIVE_INFINITY;

  constructor({ name, config, clock, replicas, methods = [], ...callbacks }: FleetInit<R>) {
    const { annotations, onShortage } = callbacks;
    this.#onShortage = onShortage;
    const { concurrency, timeouts, retries } = config;
    this.name = name;
    this.clock = clock;
    this.replicas = replicas;
    this.gate = new Gate(concurrency, clock);
    this.deadlines = new Deadlines(shortestOf(timeouts), clock);
    this.timeouts = timeouts;
    this.methods = new Map([...coreMethods, ...methods].map((method) => [method.name, method]));
    this.maxAttempts = retries.attempts;
    this.annotations = retries.trustAnnotations ? annotations : undefined;
  }

  get inFlight(): number {
    return this.replicas.all.reduce((sum, replica) => sum + replica.inFlight, 0);
  }

  /** The exchanges in flight that are subscriptions of the gateway itself. */
  get ownSubscriptions(): number {
    return this.replicas.all.reduce((sum, replica) => sum + replica.ownSubscriptions, 0);
  }

  /** Reports that no file descriptor is free for a connection. */
  onShortage(error: string): void {
    const now = this.clock.now();
    if (now - this.#shortageToldAt < shortagePauseMs) return;
    this.#shortageToldAt = now;
    this.#onShortage?.(error);
  }

  /** Moves requests away from a replica that does not answer; ends the others once confirmed. */
  silent(replica: R, isConfirmed: boolean): void {
    this.deadlines.silent(replica, isConfirmed);
  }

  /** Accepts no more requests. Resolves when none is in flight, at the latest after `graceMs`. */
  close(graceMs: number): Promise<void> {
    this.isClosed = true;
    const endsAt = this.clock.now() + graceMs;
    return new Promise((resolve) => {
      const poll = () => {
        if (this.inFlight === 0 || this.clock.now() >= endsAt) resolve();
        else this.clock.after(pollMs, poll);
      };
      poll();
    });
  }
}
