/** The counts of exchanges by day, client, protocol version and upstream. */
import {
  type DeprecatedFeature,
  legacyVersions,
  modernVersions,
  type RequestMeta,
} from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";

/** The counts of one client at one upstream on one day. */
export interface EraRow {
  /** The day in UTC, as `YYYY-MM-DD`. */
  readonly day: string;
  /** The name of the client; null if the gateway has not read it, `other` if it has too many. */
  readonly client: string | null;
  readonly clientVersion: string | null;
  /** A version that this library knows, `other`, or `none`. */
  readonly protocolVersion: string;
  /** The upstream; null if none was involved, or several were. */
  readonly upstream: string | null;
  readonly requests: number;
  /** Requests that were answered with an HTTP status from 400 on, for example for their version. */
  readonly failed: number;
  /** Time of the last request, in ISO 8601. */
  readonly lastSeen: string;
  /** Requests in which a deprecated feature was used. */
  readonly used: FeatureCounts;
  /** Requests whose client declared a deprecated feature. */
  readonly declared: FeatureCounts;
}

export type FeatureCounts = { readonly [Feature in DeprecatedFeature]?: number };

/** The counts of a time, in milliseconds since 1970. */
export interface EraCounted {
  readonly rows: readonly EraRow[];
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** The members that identify a row. */
type RowKey = Pick<EraRow, "day" | "client" | "clientVersion" | "protocolVersion" | "upstream">;

interface Counts {
  readonly key: RowKey;
  readonly dayNumber: number;
  requests: number;
  failed: number;
  lastSeenMs: number;
  readonly used: Map<DeprecatedFeature, number>;
  readonly declared: Map<DeprecatedFeature, number>;
}

/** An exchange that has ended. */
interface Seen {
  readonly dayNumber: number;
  readonly client: string | null;
  readonly clientVersion: string | null;
  readonly protocolVersion: string;
  readonly upstream: string | null;
}

/** Maximum number of days whose counts are kept. */
export const maxDays = 31;
/** Maximum number of rows of one day; further clients are counted as "other". */
const maxRowsPerDay = 500;
/** Maximum length of the name and the version of a client, in characters. */
const maxNameLength = 64;
const dayMs = 86_400_000;

const knownVersions: ReadonlySet<string> = new Set([...modernVersions, ...legacyVersions]);

export class EraTable {
  readonly #now: () => number;
  readonly #sinceMs: number;
  /** The rows by day. */
  readonly #days = new Map<number, Map<string, Counts>>();
  /** The last row of each upstream. */
  readonly #last = new Map<string | null, Counts>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#sinceMs = now();
  }

  /** Counts an exchange that has ended, with its HTTP status. */
  observe(record: ExchangeRecord, status: number): void {
    if (isNoMessage(record)) return;
    const now = this.#now();
    const row = this.#rowOf(seenIn(record, Math.floor(now / dayMs)));
    row.requests += 1;
    if (status >= 400) row.failed += 1;
    row.lastSeenMs = now;
    const { client } = record;
    if (client === undefined) return;
    for (const feature of client.used ?? []) increment(row.used, feature);
    const { roots, sampling } = (client.session ?? client.meta)?.capabilities ?? {};
    if (roots !== undefined) increment(row.declared, "roots");
    if (sampling !== undefined) increment(row.declared, "sampling");
  }

  /** Adds rows to those that were counted. */
  add(rows: readonly EraRow[]): void {
    for (const { requests, failed, lastSeen, used, declared, day, ...seen } of rows) {
      const row = this.#rowOf({ ...seen, dayNumber: Math.floor(Date.parse(day) / dayMs) });
      row.requests += requests;
      row.failed += failed;
      row.lastSeenMs = Math.max(row.lastSeenMs, Date.parse(lastSeen));
      addAll(row.used, used);
      addAll(row.declared, declared);
    }
  }

  /** Removes all rows and returns them. */
  take(): readonly EraRow[] {
    const rows = this.#rows();
    this.#days.clear();
    this.#last.clear();
    return rows;
  }

  /** Returns the rows, the latest day first, and the time in which they were counted. */
  read(): EraCounted {
    return { rows: this.#rows(), sinceMs: this.#sinceMs, nowMs: this.#now() };
  }

  #rows(): EraRow[] {
    return [...this.#days]
      .sort(([a], [b]) => b - a)
      .flatMap(([, rows]) => [...rows.values()])
      .map(({ key, requests, failed, lastSeenMs, used, declared }) => ({
        ...key,
        requests,
        failed,
        lastSeen: new Date(lastSeenMs).toISOString(),
        used: Object.fromEntries(used),
        declared: Object.fromEntries(declared),
      }));
  }

  #rowOf(seen: Seen): Counts {
    // Consecutive exchanges are often alike; comparing is faster than a lookup.
    const last = this.#last.get(seen.upstream);
    if (last !== undefined && isSame(last, seen)) return last;
    const found = this.#find(seen);
    this.#last.set(seen.upstream, found);
    return found;
  }

  #find(seen: Seen): Counts {
    const rows = this.#rowsOf(seen.dayNumber);
    const found = rows.get(keyOf(seen));
    if (found !== undefined) return found;
    if (rows.size < maxRowsPerDay || seen.client === null) return add(rows, seen);
    const other = { ...seen, client: "other", clientVersion: null };
    return rows.get(keyOf(other)) ?? add(rows, other);
  }

  #rowsOf(dayNumber: number): Map<string, Counts> {
    const known = this.#days.get(dayNumber);
    if (known !== undefined) return known;
    const rows = new Map<string, Counts>();
    this.#days.set(dayNumber, rows);
    // Upstreams of earlier configurations are not kept.
    this.#last.clear();
    if (this.#days.size > maxDays) this.#days.delete(Math.min(...this.#days.keys()));
    return rows;
  }
}

/** Returns the protocol version of an exchange: one that this library knows, `other` or `none`. */
export function protocolVersionOf({ head, client }: ExchangeRecord): string {
  return versionOf(client?.session?.version ?? head.version ?? head.olderVersion);
}

/** Returns true for an HTTP request that the gateway refused before it could be taken for a message. */
function isNoMessage({ client, reason, head }: ExchangeRecord): boolean {
  const isUnversioned = head.version === undefined && head.olderVersion === undefined;
  return client === undefined && reason !== undefined && isUnversioned;
}

function seenIn(record: ExchangeRecord, dayNumber: number): Seen {
  const { client, subject, upstream } = record;
  const source = client?.session ?? client?.meta;
  const info = source?.clientInfo;
  return {
    dayNumber,
    client: info === undefined ? nameless(source) : shown(info.name),
    clientVersion: info === undefined ? null : shown(info.version),
    protocolVersion: protocolVersionOf(record),
    upstream: subject?.upstream ?? upstream ?? null,
  };
}

/** Returns the name of a client without one: it is unknown only if the request was not read. */
function nameless(source: Pick<RequestMeta, "capabilities"> | undefined): string | null {
  return source === undefined ? null : "unnamed";
}

/** A name that is shown as it is. Nearly all are, and the test costs less than a replacement. */
const plainName = /^[ -~]{0,64}$/;

/** Returns a text from a client as the report shows it: short, and on one line. */
function shown(text: string): string {
  if (plainName.test(text)) return text;
  return text.slice(0, maxNameLength).replace(/\p{C}/gu, " ");
}

/** A client chooses its version, so an unknown one is counted as "other". */
function versionOf(version: string | undefined): string {
  if (version === undefined) return "none";
  return knownVersions.has(version) ? version : "other";
}

function isSame({ key, dayNumber }: Counts, seen: Seen): boolean {
  return (
    dayNumber === seen.dayNumber &&
    key.client === seen.client &&
    key.clientVersion === seen.clientVersion &&
    key.protocolVersion === seen.protocolVersion &&
    key.upstream === seen.upstream
  );
}

function keyOf({ client, clientVersion, protocolVersion, upstream }: Seen): string {
  // No name has a control character, so no two keys are equal.
  return [client ?? "\t", clientVersion ?? "\t", protocolVersion, upstream ?? "\t"].join("\n");
}

function add(rows: Map<string, Counts>, { dayNumber, ...seen }: Seen): Counts {
  const day = new Date(dayNumber * dayMs).toISOString().slice(0, 10);
  const counts = { requests: 0, failed: 0, lastSeenMs: 0, used: new Map(), declared: new Map() };
  const added: Counts = { key: { day, ...seen }, dayNumber, ...counts };
  rows.set(keyOf({ dayNumber, ...seen }), added);
  return added;
}

function increment(
  counts: Map<DeprecatedFeature, number>,
  feature: DeprecatedFeature,
  by = 1,
): void {
  counts.set(feature, (counts.get(feature) ?? 0) + by);
}

function addAll(counts: Map<DeprecatedFeature, number>, added: FeatureCounts): void {
  for (const [feature, count] of Object.entries(added)) {
    increment(counts, feature as DeprecatedFeature, count);
  }
}
