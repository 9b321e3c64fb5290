/** The era report: the clients of each protocol version, and what can be switched off. */
import {
  type DeprecatedFeature,
  type Deprecation,
  deprecations,
  legacyVersions,
} from "lutra/protocol";
import type { EraCounted, EraRow } from "./era-table.ts";

/** The report at `/eras` of the admin listener. */
export interface EraReport {
  /** The time since which requests are counted, in ISO 8601. */
  readonly since: string;
  /** The time of the report, in ISO 8601. */
  readonly until: string;
  /** Number of days that the verdicts look back. */
  readonly days: number;
  /** The versions that the gateway serves, the newest first. */
  readonly versions: readonly string[];
  /** The deprecated features that are switched off. */
  readonly switchedOff: readonly string[];
  /** A verdict for each legacy version and each deprecated feature. */
  readonly verdicts: readonly EraVerdict[];
  /** The counts, the latest day first. */
  readonly rows: readonly EraRow[];
}

/** The answer to the question whether something can be switched off. */
export interface EraVerdict {
  /** A legacy version, or the identifier of a deprecated feature. */
  readonly subject: string;
  readonly isSafe: "yes" | "no" | "unknown";
  /** The reason, a sentence without a full stop. */
  readonly because: string;
}

/** The facts from which a report is made. */
export interface EraSource extends EraCounted {
  /** Number of days that the verdicts look back. */
  readonly days: number;
  /** The versions that the gateway serves. */
  readonly versions: readonly string[];
  readonly switchedOff: readonly string[];
}

const hourMs = 3_600_000;
const dayMs = 86_400_000;
/** Maximum number of clients that a verdict names. */
const maxNamed = 3;

/** Creates the report. */
export function createEraReport(source: EraSource): EraReport {
  const { rows, sinceMs, nowMs, days, versions, switchedOff } = source;
  return {
    since: new Date(sinceMs).toISOString(),
    until: new Date(nowMs).toISOString(),
    days,
    versions,
    switchedOff,
    verdicts: [
      ...legacyVersions.map((version) => verdictOnVersion(version, source)),
      ...deprecations.map((deprecation) => verdictOnFeature(deprecation, source)),
    ],
    rows,
  };
}

function verdictOnVersion(version: string, source: EraSource): EraVerdict {
  const seen = recent(source).filter(({ protocolVersion }) => protocolVersion === version);
  const requests = sum(seen, (row) => row.requests);
  if (!source.versions.includes(version)) {
    const asked = requests === 0 ? "" : `; ${plural(requests, "request")} asked for it`;
    return { subject: version, isSafe: "yes", because: `it is switched off${asked}` };
  }
  if (requests > 0) return { subject: version, isSafe: "no", because: usedBy(seen, requests) };
  return { subject: version, ...whenUnused(source, "") };
}

function verdictOnFeature({ feature }: Deprecation, source: EraSource): EraVerdict {
  const elsewhere = unseen[feature];
  if (source.switchedOff.includes(feature)) {
    return { subject: feature, isSafe: "yes", because: "it is switched off" };
  }
  if (elsewhere !== undefined) return { subject: feature, ...elsewhere };
  const rows = recent(source);
  const seen = rows.filter(({ used }) => used[feature] !== undefined);
  const uses = sum(seen, ({ used }) => used[feature] ?? 0);
  if (uses > 0) return { subject: feature, isSafe: "no", because: usedBy(seen, uses) };
  const unread = sum(
    rows.filter(({ client }) => client === null),
    (row) => row.requests - row.failed,
  );
  if (unread > 0) {
    const because = `${plural(unread, "request")} passed unread; verify: gateway reads them`;
    return { subject: feature, isSafe: "unknown", because };
  }
  const declared = sum(rows, (row) => row.declared[feature] ?? 0);
  const note = declared === 0 ? "" : `, although ${plural(declared, "request")} declared it`;
  return { subject: feature, ...whenUnused(source, note) };
}

/** The features that no request to the gateway shows. */
const unseen: { readonly [Feature in DeprecatedFeature]?: Omit<EraVerdict, "subject"> } = {
  dynamicClientRegistration: {
    isSafe: "unknown",
    because: "clients register at the authorization server, which has its own log",
  },
  httpSse: { isSafe: "yes", because: "the gateway does not offer it to clients" },
};

/** Returns the rows of the days that verdicts look back. */
function recent({ rows, nowMs, days }: EraSource): readonly EraRow[] {
  return rows.filter(({ lastSeen }) => Date.parse(lastSeen) > nowMs - days * dayMs);
}

function whenUnused(
  { sinceMs, nowMs, days }: EraSource,
  note: string,
): Omit<EraVerdict, "subject"> {
  const observedMs = nowMs - sinceMs;
  if (observedMs >= days * dayMs) {
    return { isSafe: "yes", because: `no use in ${plural(days, "day")}${note}` };
  }
  const hours = Math.floor(observedMs / hourMs);
  const observed = hours < 48 ? plural(hours, "hour") : plural(Math.floor(hours / 24), "day");
  const because = `no use so far${note}, but observed for ${observed} of ${plural(days, "day")}`;
  return { isSafe: "unknown", because };
}

function usedBy(rows: readonly EraRow[], uses: number): string {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row);
    counts.set(name, (counts.get(name) ?? 0) + row.requests);
  }
  const names = [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const more = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : "";
  const last = rows.reduce((latest, { lastSeen }) => (lastSeen > latest ? lastSeen : latest), "");
  const clients = `${names.slice(0, maxNamed).join(", ")}${more}`;
  return `${plural(uses, "request")}, last at ${last}, by ${clients}`;
}

function nameOf({ client, clientVersion }: EraRow): string {
  if (client === null) return "an unread client";
  return clientVersion === null || clientVersion === "" ? client : `${client} ${clientVersion}`;
}

function sum(rows: readonly EraRow[], of: (row: EraRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
