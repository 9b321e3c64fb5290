/** The replicas of an upstream, and the choice of the next one. */
import type { UpstreamTls } from "../config/certificates.ts";
import type { UpstreamConfig } from "../config/schema.ts";
import { type Choose, createBalance } from "./balance.ts";
import type { Clock } from "./clock.ts";
import { type HealthChecks, type SendCheck, startChecks } from "./health-checks.ts";
import { Replica, type ReplicaPlace } from "./replica.ts";
import { ReplicaHealth } from "./replica-health.ts";

export interface ReplicaSetOptions {
  readonly config: UpstreamConfig;
  readonly clock: Clock;
  /** The verification of https replicas. @default Node's authorities and the host of the URL */
  readonly tls?: UpstreamTls | undefined;
  readonly sendCheck: SendCheck;
  /** Called when a connection to a replica failed. */
  readonly onUnreachable: () => void;
  /** Called when a replica does not answer checks; see `onSilent` of its health. */
  readonly onSilent?: ((replica: Replica, isConfirmed: boolean) => void) | undefined;
  /** Called when the last available replica was ejected, and when one has returned. */
  readonly onOut?: ((isOut: boolean, reason: string | undefined) => void) | undefined;
}

export class ReplicaSet {
  readonly #options: ReplicaSetOptions;
  readonly #choose: Choose;
  readonly #checks = new Map<Replica, HealthChecks>();
  /** Replicas that were removed while exchanges were in flight. */
  readonly #retired = new Set<Replica>();
  readonly #onReady = new Set<() => void>();
  #ready: readonly Replica[] = [];
  #starting: readonly Replica[] = [];
  #out: readonly Replica[] = [];

  constructor(options: ReplicaSetOptions) {
    this.#options = options;
    this.#choose = createBalance(options.config.balance, options.clock.random);
  }

  get all(): readonly Replica[] {
    return [...this.#checks.keys()];
  }

  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  /** True if there are replicas in service and all of them are ejected. */
  get isOut(): boolean {
    return this.#out.length > 0 && this.#ready.length === 0 && this.#starting.length === 0;
  }

  /** Adds a replica and checks it, until the returned function is called. */
  add(place: ReplicaPlace): () => void {
    const { config, clock, tls, sendCheck } = this.#options;
    const { connectMs } = config.timeouts;
    const { now } = clock;
    const onChange = () => {
      this.#sort();
      this.#checks.get(replica)?.reschedule();
    };
    const onSilent = (isConfirmed: boolean) => this.#options.onSilent?.(replica, isConfirmed);
    const health = new ReplicaHealth({ config: config.health, now, onChange, onSilent });
    const replica = new Replica(place, health, { ...tls, connectMs });
    this.#checks.set(replica, startChecks(replica, { config: config.health, clock, sendCheck }));
    this.#sort();
    if (place.isReady) health.pass();
    return () => this.#remove(replica);
  }

  /**
   * Returns the next replica that is not among those tried. If none is healthy, returns the one with
   * the fewest failures: a failed attempt costs one connection, a refusal costs the client an answer.
   */
  pick(tried: readonly Replica[]): Replica | undefined {
    return (
      this.#choose(this.#ready, tried) ??
      this.#choose(this.#starting, tried) ??
      fewestFailures(this.#out, tried)
    );
  }

  /** Records a failed connection. The address of the replica may be out of date. */
  failConnect(replica: Replica, error: string): void {
    replica.health.fail(error);
    this.#options.onUnreachable();
  }

  /**
   * Takes a replica out of service, or returns it. A drained replica gets no new request; those in
   * flight finish. Returns false if no replica has the name.
   */
  setDrained(name: string, isDrained: boolean): boolean {
    const replica = this.all.find((one) => one.name === name);
    if (replica === undefined) return false;
    replica.isDrained = isDrained;
    this.#sort();
    return true;
  }

  /** Calls back once, as soon as a replica is ready. */
  whenReady(callback: () => void): () => void {
    this.#onReady.add(callback);
    if (this.isReady) this.#notifyReady();
    return () => this.#onReady.delete(callback);
  }

  /** Aborts the exchanges in flight. */
  async destroy(): Promise<void> {
    const replicas = [...this.all, ...this.#retired];
    for (const replica of this.all) this.#remove(replica);
    await Promise.all(replicas.map((replica) => replica.destroy()));
  }

  /** Sends no more checks. */
  stopChecks(): void {
    for (const checks of this.#checks.values()) checks.stop();
  }

  #remove(replica: Replica): void {
    const checks = this.#checks.get(replica);
    if (checks === undefined) return;
    checks.stop();
    this.#checks.delete(replica);
    for (const other of this.#retired) if (other.inFlight === 0) this.#retired.delete(other);
    if (replica.inFlight > 0) this.#retired.add(replica);
    replica.retire();
    this.#sort();
  }

  #sort(): void {
    const { isOut: wasOut } = this;
    const all = this.all.filter(({ isDrained }) => !isDrained);
    const isReady = ({ health: { state } }: Replica) => state === "up" || state === "warming";
    this.#ready = all.filter(isReady);
    this.#starting = all.filter(({ health }) => health.state === "starting");
    this.#out = all.filter(({ health }) => health.state === "out");
    if (this.isReady) this.#notifyReady();
    if (this.isOut !== wasOut && all.length > 0) {
      this.#options.onOut?.(this.isOut, this.#out[0]?.health.lastError);
    }
  }

  #notifyReady(): void {
    for (const callback of this.#onReady) callback();
    this.#onReady.clear();
  }
}

function fewestFailures(
  replicas: readonly Replica[],
  tried: readonly Replica[],
): Replica | undefined {
  let best: Replica | undefined;
  for (const replica of replicas) {
    if (tried.includes(replica)) continue;
    if (best === undefined || replica.health.failures < best.health.failures) best = replica;
  }
  return best;
}
