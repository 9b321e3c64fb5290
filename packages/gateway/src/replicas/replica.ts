/** One process or machine of an upstream, and the connections to it. */
import type { LookupFunction } from "node:net";
import { asksForInitialize, EarlierRevisionError } from "lutra/internal";
import type { UpstreamTls } from "../config/certificates.ts";
import { ConnectionPool } from "../wire/connection-pool.ts";
import type { ReplicaHealth } from "./replica-health.ts";

/** The address of a replica, and its name. */
export interface ReplicaPlace {
  /** The replica's name in `x-lutra-replica` and in logs. */
  readonly name: string;
  readonly url: URL;
  /** The address to connect to, where the host of `url` has several. */
  readonly ip?: { readonly address: string; readonly family: number } | undefined;
  /** A Unix socket to connect to instead of the host of `url`. */
  readonly socketPath?: string | undefined;
  readonly pid?: number | undefined;
  /** True when the replica has reported that it is ready, so that no check is needed. */
  readonly isReady?: boolean | undefined;
}

/** The time limit for a connection, in milliseconds, and the settings of TLS. */
type Connecting = UpstreamTls & { readonly connectMs: number };

export interface ReplicaStatus {
  readonly name: string;
  /** Its address for operators; never sent to clients. */
  readonly address?: string | undefined;
  /**
   * `out` was ejected and `drained` taken out of service by an operator; neither gets requests.
   * `warming` gets fewer than a full share.
   */
  readonly state: "up" | "warming" | "out" | "starting" | "drained";
  readonly inFlight: number;
  /** Those of the exchanges in flight that are subscriptions of the gateway itself. */
  readonly ownSubscriptions: number;
  /** Number of consecutive failures. */
  readonly failures: number;
  /** The message of the last failure. */
  readonly lastError?: string | undefined;
  readonly pid?: number | undefined;
  /** The revision of MCP that it speaks, once it is known. Absent for an upstream with a fixed one. */
  readonly speaks?: string | undefined;
  /** The evidence that it speaks an earlier revision than the configured one. */
  readonly earlierRevision?: string | undefined;
}

export class Replica {
  readonly name: string;
  /** The path and the query of the request line. */
  readonly path: string;
  readonly url: URL;
  readonly pool: ConnectionPool;
  readonly health: ReplicaHealth;
  /** Number of exchanges in flight, subscriptions included. */
  inFlight = 0;
  /** Number of subscriptions of the gateway itself among them. */
  ownSubscriptions = 0;
  /** True while an operator has taken it out of service. Its health is still checked. */
  isDrained = false;
  /** Set by the last check if the server speaks an earlier revision. */
  earlierRevision: string | undefined;
  /** The revision of MCP that the server speaks, once it is known. */
  speaks: string | undefined;
  readonly #place: ReplicaPlace;

  constructor(place: ReplicaPlace, health: ReplicaHealth, { connectMs, ...tls }: Connecting) {
    this.#place = place;
    this.name = place.name;
    this.url = place.url;
    this.path = place.url.pathname + place.url.search;
    this.health = health;
    const { ip, socketPath } = place;
    this.pool = new ConnectionPool(place.url, {
      ...tls,
      timeout: connectMs,
      ...(socketPath !== undefined && { socketPath }),
      ...(ip && { lookup: lookupOf(ip) }),
    });
  }

  share(): number {
    return this.health.share();
  }

  status(): ReplicaStatus {
    const { name, health, inFlight, ownSubscriptions } = this;
    const { pid, url, ip, socketPath } = this.#place;
    const { failures, lastError } = health;
    const state = this.isDrained ? "drained" : health.state;
    const address = socketPath ?? (ip ? `${url.host} (${ip.address})` : url.host);
    const { earlierRevision, speaks } = this;
    return {
      ...{ name, address, state, inFlight, ownSubscriptions, failures, lastError, pid, speaks },
      earlierRevision,
    };
  }

  /** Replaces the error of a server of an earlier revision that asks for a session. */
  explain(error: unknown): unknown {
    const { earlierRevision } = this;
    if (earlierRevision === undefined || !asksForInitialize(error)) return error;
    return new EarlierRevisionError(`The replica ${this.name}`, earlierRevision);
  }

  /** Closes the connections once the exchanges in flight have ended. */
  retire(): void {
    this.pool.close().catch(() => {});
  }

  /** Aborts the exchanges in flight. */
  async destroy(): Promise<void> {
    await this.pool.destroy().catch(() => {});
  }
}

/** Returns a lookup that resolves every name to one address. */
function lookupOf({ address, family }: { address: string; family: number }): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
