/** Keeps the replicas of a URL in sync with the addresses of its host. */
import { lookup as lookupHost } from "node:dns/promises";
import { isIP } from "node:net";
import { causeOf } from "./cause.ts";
import type { Clock } from "./clock.ts";
import type { ReplicaPlace } from "./replica.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Resolves all addresses of a host. */
export type Lookup = (host: string) => Promise<readonly Address[]>;

export interface AddressesOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** Returns the name of the next replica. */
  readonly nextName: () => string;
  readonly add: (place: ReplicaPlace) => () => void;
  /**
   * Called with the reason when lookups begin to fail or to find nothing, and with undefined when one
   * succeeds again.
   */
  readonly onFailure?: ((reason: string | undefined) => void) | undefined;
}

export interface Addresses {
  /** Resolves the host again soon, because a connection failed. */
  readonly refresh: () => void;
  readonly stop: () => void;
}

/** Interval between two lookups, in milliseconds. */
const intervalMs = 30_000;
/** Minimum interval between two lookups, in milliseconds. Applies after failed connections. */
const refreshMs = 1000;

/** The resolver of the operating system. */
export const systemLookup: Lookup = (host) => lookupHost(host, { all: true });

/** Returns true for a host that always has the same address. */
export function isFixedHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost");
}

/**
 * Resolves the host now, every 30 s, and after failed connections; every second until the first
 * address is known. Each address becomes a replica. A failed lookup does not change the replicas.
 */
export function followAddresses(options: AddressesOptions): Addresses {
  const { url, clock, lookup, nextName, add, onFailure = () => {} } = options;
  const current = new Map<string, () => void>();
  let stopTimer = () => {};
  let lookupAt = clock.now();
  let isPending = false;
  let isStopped = false;
  let isFailing = false;

  async function update(): Promise<void> {
    stopTimer();
    isPending = true;
    lookupAt = clock.now();
    let found: readonly Address[] = [];
    let failure: string | undefined;
    try {
      found = await lookup(url.hostname);
      if (found.length === 0) failure = "it has no address";
    } catch (error) {
      failure = causeOf(error);
    }
    isPending = false;
    if (isStopped) return;
    if (failure === undefined) replace(found);
    report(failure);
    schedule(current.size === 0 ? refreshMs : intervalMs);
  }

  function report(failure: string | undefined): void {
    if (isFailing === (failure !== undefined)) return;
    isFailing = !isFailing;
    onFailure(failure);
  }

  function replace(found: readonly Address[]): void {
    for (const ip of found) {
      if (current.has(ip.address)) continue;
      current.set(ip.address, add({ name: nextName(), url, ip }));
    }
    for (const [address, remove] of current) {
      if (found.some((ip) => ip.address === address)) continue;
      current.delete(address);
      remove();
    }
  }

  function schedule(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void update());
  }

  void update();
  return {
    refresh: () => {
      if (!isPending && !isStopped) schedule(Math.max(0, lookupAt + refreshMs - clock.now()));
    },
    stop: () => {
      isStopped = true;
      stopTimer();
    },
  };
}
