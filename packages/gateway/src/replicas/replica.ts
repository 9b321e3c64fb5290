/** One process or machine that answers for an upstream, and the connections to it. */
import type { LookupFunction } from "node:net";
import { Pool } from "undici";
import type { ReplicaHealth } from "./replica-health.ts";

/** Where a replica is. */
export interface ReplicaPlace {
  /** What `x-lutra-replica` and logs call it. */
  readonly name: string;
  readonly url: URL;
  /** The address to connect to, where the host of `url` stands for several. */
  readonly ip?: { readonly address: string; readonly family: number } | undefined;
  /** A Unix socket to connect to in place of the host of `url`. */
  readonly socketPath?: string | undefined;
  readonly pid?: number | undefined;
  /** Whether it has said itself that it answers, so that nobody need ask first. */
  readonly isReady?: boolean | undefined;
}

export interface ReplicaStatus {
  readonly name: string;
  /** Where it is, for operators; never shown to clients. */
  readonly address?: string | undefined;
  /** `out` gets no requests, `warming` fewer than its share. */
  readonly state: "up" | "warming" | "out" | "starting";
  readonly inFlight: number;
  /** Failures in a row. */
  readonly failures: number;
  /** What went wrong last. */
  readonly lastError?: string | undefined;
  readonly pid?: number | undefined;
}

export class Replica {
  readonly name: string;
  /** What goes into the request line. */
  readonly path: string;
  readonly pool: Pool;
  readonly health: ReplicaHealth;
  /** Exchanges under way, subscriptions included. */
  inFlight = 0;
  readonly #place: ReplicaPlace;

  constructor(place: ReplicaPlace, health: ReplicaHealth, connectMs: number) {
    this.#place = place;
    this.name = place.name;
    this.path = place.url.pathname + place.url.search;
    this.health = health;
    const { ip, socketPath } = place;
    this.pool = new Pool(place.url.origin, {
      pipelining: 1,
      // The gate bounds how many connections there are, and `Deadlines` how long each takes.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: connectMs,
        ...(socketPath !== undefined && { socketPath }),
        ...(ip && { lookup: lookupOf(ip) }),
      },
    });
  }

  share(): number {
    return this.health.share();
  }

  status(): ReplicaStatus {
    const { name, health, inFlight } = this;
    const { pid, url, ip, socketPath } = this.#place;
    const { state, failures, lastError } = health;
    const address = socketPath ?? (ip ? `${url.host} (${ip.address})` : url.host);
    return { name, address, state, inFlight, failures, lastError, pid };
  }

  /** Lets what is under way end, and frees the connections. */
  retire(): void {
    this.pool.close().catch(() => {});
  }

  /** Ends what is under way. */
  async destroy(): Promise<void> {
    await this.pool.destroy().catch(() => {});
  }
}

/** Finds one address for whatever name it is asked. */
function lookupOf({ address, family }: { address: string; family: number }): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
