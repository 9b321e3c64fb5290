/** Keeps the replicas of a url in step with the addresses that its host has. */
import { lookup as lookupHost } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock } from "./clock.ts";
import type { ReplicaPlace } from "./replica.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Finds all addresses of a host. */
export type Lookup = (host: string) => Promise<readonly Address[]>;

export interface AddressesOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** Names the next replica. */
  readonly nextName: () => string;
  readonly add: (place: ReplicaPlace) => () => void;
}

export interface Addresses {
  /** Looks again soon, since a connection failed. */
  readonly refresh: () => void;
  readonly stop: () => void;
}

/** Between two looks, in milliseconds. */
const intervalMs = 30_000;
/** The least between two looks, however many connections fail. */
const refreshMs = 1000;

/** Asks the system, as every program on this machine does. */
export const systemLookup: Lookup = (host) => lookupHost(host, { all: true });

/** True for hosts that stand for one address and always will. */
export function isFixedHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost");
}

/**
 * Looks the host up now, every 30 s, and after failures. Each address is a replica. What a failed
 * look leaves unknown stays as it was.
 */
export function followAddresses(options: AddressesOptions): Addresses {
  const { url, clock, lookup, nextName, add } = options;
  const current = new Map<string, () => void>();
  let stopTimer = () => {};
  let lookedAt = clock.now();
  let isLooking = false;
  let isStopped = false;

  async function look(): Promise<void> {
    stopTimer();
    isLooking = true;
    lookedAt = clock.now();
    const found = await lookup(url.hostname).catch(() => undefined);
    isLooking = false;
    if (isStopped) return;
    if (found !== undefined && found.length > 0) update(found);
    plan(current.size === 0 ? refreshMs : intervalMs);
  }

  function update(found: readonly Address[]): void {
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

  function plan(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void look());
  }

  void look();
  return {
    refresh: () => {
      if (!isLooking && !isStopped) plan(Math.max(0, lookedAt + refreshMs - clock.now()));
    },
    stop: () => {
      isStopped = true;
      stopTimer();
    },
  };
}
