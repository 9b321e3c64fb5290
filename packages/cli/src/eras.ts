/** `lutra eras`: the clients of a gateway by protocol version, and what can be switched off. */

import type { EraReport, EraRow } from "@lutra/gateway";
import { parseURL } from "lutra/internal";
import { isObject } from "lutra/protocol";
import { CommandError } from "./command-error.ts";
import { type CommandLine, integerOption } from "./command-line.ts";

/** Maximum time for the response of the gateway, in milliseconds. */
const timeoutMs = 10_000;
/** Maximum number of clients that are shown. */
const maxShown = 50;

export async function eras(line: CommandLine): Promise<number> {
  const [given = ""] = line.values;
  const days = integerOption(line, "days", { least: 1, most: 31, fallback: 7 });
  const report = await readReport(reportUrl(given, days));
  console.log(line.options.json ? JSON.stringify(report, undefined, 2) : textOf(report));
  return 0;
}

function reportUrl(given: string, days: number): URL {
  const url = parseURL(given);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new CommandError(
      `eras: ${given}: expected the URL of an admin listener such as http://127.0.0.1:9464`,
      2,
    );
  }
  const report = new URL(url);
  report.pathname = `${url.pathname.replace(/\/(?:eras)?$/, "")}/eras`;
  report.search = `?days=${days}`;
  return report;
}

async function readReport(url: URL): Promise<EraReport> {
  const { origin } = url;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => {
      throw new CommandError(`eras: cannot read ${origin}: ${reasonOf(error)}`);
    },
  );
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || !isReport(body)) {
    const answer = `status ${response.status}`;
    throw new CommandError(`eras: ${origin}: expected a gateway's admin listener, got ${answer}`);
  }
  return body;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}

function isReport(value: unknown): value is EraReport {
  if (!isObject(value)) return false;
  const { since, until, verdicts, rows } = value;
  const hasTimes = typeof since === "string" && typeof until === "string";
  return hasTimes && Array.isArray(verdicts) && Array.isArray(rows);
}

function textOf({ since, until, days, verdicts, rows }: EraReport): string {
  const all = byClient(rows);
  const clients = all
    .slice(0, maxShown)
    .map((client) => [
      client.name,
      client.protocolVersion,
      client.upstream,
      String(client.requests),
      client.failed === 0 ? "" : String(client.failed),
      [...client.uses].map(([feature, count]) => `${feature} ${count}`).join(", "),
      client.lastSeen.slice(0, 16).replace("T", " "),
    ]);
  const head = ["CLIENT", "PROTOCOL", "UPSTREAM", "REQUESTS", "FAILED", "DEPRECATED", "LAST SEEN"];
  const more = all.length > maxShown ? `\n${all.length - maxShown} more clients; see --json` : "";
  return [
    `Counted from ${since} to ${until}. Verdicts look back ${days} days.`,
    table([
      ["SWITCH OFF", "SAFE", "BECAUSE"],
      ...verdicts.map(({ subject, isSafe, because }) => [subject, isSafe, because]),
    ]),
    all.length === 0 ? "No requests." : `${table([head, ...clients])}${more}`,
  ].join("\n\n");
}

/** The counts of one client over all days. */
interface ClientCounts {
  readonly name: string;
  readonly protocolVersion: string;
  readonly upstream: string;
  requests: number;
  failed: number;
  lastSeen: string;
  readonly uses: Map<string, number>;
}

/** Sums up the days. The clients of the oldest protocol versions come first. */
function byClient(rows: readonly EraRow[]): readonly ClientCounts[] {
  const clients = new Map<string, ClientCounts>();
  for (const row of rows) {
    const name = [row.client ?? "(unread)", row.clientVersion ?? ""].join(" ").trim();
    const upstream = row.upstream ?? "";
    const { protocolVersion, requests, failed, lastSeen } = row;
    const key = JSON.stringify([name, protocolVersion, upstream]);
    const none = { requests: 0, failed: 0, lastSeen: "", uses: new Map<string, number>() };
    const client = clients.get(key) ?? { name, protocolVersion, upstream, ...none };
    clients.set(key, client);
    client.requests += requests;
    client.failed += failed;
    if (lastSeen > client.lastSeen) client.lastSeen = lastSeen;
    for (const [feature, count] of Object.entries(row.used)) {
      client.uses.set(feature, (client.uses.get(feature) ?? 0) + count);
    }
  }
  return [...clients.values()].sort(
    (a, b) => compare(a.protocolVersion, b.protocolVersion) || b.requests - a.requests,
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Aligns the columns. The last one is not padded. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
