/** The load of the gateway, of its upstreams and of their replicas. */
import type { EraShare, Load, LoadStep, RecentExchange } from "@lutra/console";
import { LoadWindow } from "./load-window.ts";

/** Maximum number of upstreams and replicas, also of earlier configurations. */
const maxWindows = 2000;

/** The upstreams and replicas of the current configuration. */
type Known = readonly {
  readonly name: string;
  readonly replicas: readonly { readonly name: string }[];
}[];

export class LoadTable {
  readonly #now: (() => number) | undefined;
  readonly #total: LoadWindow;
  readonly #windows = new Map<string, LoadWindow>();
  readonly #eras = new Map<string, LoadWindow>();
  readonly #refusals = new Map<string, number>();

  /** @param now The time in milliseconds since 1970 */
  constructor(now?: () => number) {
    this.#now = now;
    this.#total = new LoadWindow(now);
  }

  observe(exchange: RecentExchange): void {
    const { ms, isError, upstream, replica, era, reason } = exchange;
    this.#total.observe(ms, isError);
    this.#windowIn(this.#eras, era)?.observe(ms, isError);
    if (reason !== undefined) this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    if (upstream === undefined) return;
    this.#windowIn(this.#windows, upstream)?.observe(ms, isError);
    if (replica === undefined) return;
    this.#windowIn(this.#windows, replicaKey(upstream, replica))?.observe(ms, isError);
  }

  total(): Load {
    return this.#total.load();
  }

  series(): readonly LoadStep[] {
    return this.#total.series();
  }

  /** Returns the exchanges in each step of the window, by protocol version. */
  eras(): readonly EraShare[] {
    return [...this.#eras].map(([version, window]) => {
      const exchanges = window.series().map((step) => step.exchanges);
      return { version, exchanges, total: exchanges.reduce((sum, count) => sum + count, 0) };
    });
  }

  /** Returns the exchanges that were refused or aborted since the start, by reason. */
  refusals(): { readonly [reason: string]: number } {
    return Object.fromEntries(this.#refusals);
  }

  /** Returns the load of an upstream; undefined if it has answered nothing yet. */
  ofUpstream(
    name: string,
  ): { readonly load: Load; readonly series: readonly LoadStep[] } | undefined {
    const found = this.#windows.get(name);
    return found && { load: found.load(), series: found.series() };
  }

  ofReplica(upstream: string, replica: string): Load | undefined {
    return this.#windows.get(replicaKey(upstream, replica))?.load();
  }

  /** Drops upstreams and replicas that no longer exist. */
  keepOnly(upstreams: Known): void {
    const known = new Set(
      upstreams.flatMap(({ name, replicas }) => [
        name,
        ...replicas.map((replica) => replicaKey(name, replica.name)),
      ]),
    );
    for (const key of this.#windows.keys()) if (!known.has(key)) this.#windows.delete(key);
  }

  #windowIn(windows: Map<string, LoadWindow>, key: string): LoadWindow | undefined {
    const known = windows.get(key);
    if (known !== undefined || windows.size >= maxWindows) return known;
    const added = new LoadWindow(this.#now);
    windows.set(key, added);
    return added;
  }
}

/** Returns a key that no upstream has, because names of upstreams contain no space. */
function replicaKey(upstream: string, replica: string): string {
  return `${upstream} ${replica}`;
}
