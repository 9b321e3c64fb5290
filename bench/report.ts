/** The result table, for the terminal and as Markdown. */
import { machine } from "./machine.ts";
import type { Row } from "./row.ts";

const columns = ["what", "value", "medians", "spread", "target", "verdict"] as const;

/** Returns the rows as a Markdown table with aligned columns. */
export function table(rows: readonly Row[]): string {
  const head = Object.fromEntries(columns.map((name) => [name, name])) as unknown as Row;
  const widths = columns.map((name) => Math.max(...[head, ...rows].map((row) => row[name].length)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const toLine = (row: Row) =>
    line(columns.map((name, index) => row[name].padEnd(widths[index] ?? 0)));
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [toLine(head), rule, ...rows.map(toLine)].join("\n");
}

/** Describes the reliability of the figures. */
export function conditions(others: number | undefined, generator: number): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const disturbed =
    others === undefined ? "" : `other programs used ${percent(others)} of the machine; `;
  return `${disturbed}the load generator was busy for at most ${percent(generator)} of a round`;
}

/** Returns the results of all groups, or of one, as a page. */
export function page(rows: readonly Row[], trust: string, group?: string): string {
  const ofGroup: { readonly [group: string]: string } = { gateway: gatewayNotes, tasks: taskNotes };
  const notes = ofGroup[group ?? ""] ?? serverNotes;
  return `# Bench results${group === undefined ? "" : `: ${group}`}

${machine()}; ${trust}.

Written by \`npm run bench${group === undefined ? "" : ` -- ${group}`}\`. Contenders take turns, round
after round; a ratio is the median of the rounds' ratios, the spread their least and greatest. Lines
without a target are for information.

${table(rows)}

- Every contender is a process of its own, started fresh and warmed up; all get the same work.
${notes}
- Resident memory is read after a forced collection (\`--expose-gc\`).
`;
}

const awake = `- The load generator does not sleep while it waits: waking it is work of the server, and the more the
  longer it has slept.`;

const serverNotes = `- \`bare node:http\` reads and parses the body, compares the headers with it and answers the same
  bytes as Lutra, written anew for each request.
- \`official SDK\` is \`@modelcontextprotocol/server\` with its Node adapter as documented. It and
  \`Lutra\` have the same 21 tools with the same zod schemas, made once.
- CPU per request is the server process's user and system time.
${awake}`;

const gatewayNotes = `- Proxies route by \`Mcp-Name\` to two Lutra servers. A proxy has the first core to itself; both
  servers share the second with the load, also where they are called directly, so that what a proxy
  costs is what limits. A proxy that costs less than server and load together, such as nginx and
  HAProxy, is limited by those: its CPU per request says more.
- \`Lutra\` passes bodies on unread, with its access log (to \`/dev/null\`), metrics and cache on.
  \`merged and renamed\` reads each request, and gives it the name that its upstream knows.
- \`undici.request\` is \`node:http\` in front of it and nothing else. \`@fastify/reply-from\` and
  \`http-proxy-3\` (1.23, the last for Node 20) are used as documented. nginx and HAProxy are Debian's,
  with one worker, no log, and the least configuration that does the same.
- CPU per request of a proxy is the user and system time of its processes. A published proxy in Rust
  adds 52 µs at p50 with one connection, on another machine.
- A list from the cache is compared with a server that is alone on the first core, too.
${awake} Where the
  upstreams share its core, it may. With one that sleeps, a list from the cache came at 0.74 of the
  rate of the server alone: who answers later finds it asleep more often.`;

const taskNotes = `- A task is created by \`tools/call\` within the engine's process, run by the same process, keeps the
  outcome of one step and is completed. Postgres is a fresh cluster on the first core with its own
  settings, and waits for the disk (\`fsync\`); the engines are on the second.
- The floors: two statements of a commit each in SQLite with the same settings, one after the other,
  where Lutra commits the writes of many tasks together; in Postgres a row and its job in one
  transaction, graphile-worker as it comes with the same concurrency, and an update; in memory, where
  the engine is Lutra's own, what the store does by itself: a row, its run by a worker, and an update.
  The rows are such as a task keeps. All leave out the write of the step, and everything that a server
  does for a call. The same call to the same server without a task, and a \`Map\` alone, are beside
  them for information.`;
