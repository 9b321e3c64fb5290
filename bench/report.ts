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
  const ofGroup: { readonly [group: string]: string } = {
    gateway: gatewayNotes,
    processes: processNotes,
    tasks: taskNotes,
  };
  const notes = ofGroup[group ?? ""] ?? serverNotes;
  return `# Bench results${group === undefined ? "" : `: ${group}`}

${machine()}; ${trust}.

Written by \`npm run bench${group === undefined ? "" : ` -- ${group}`}\`. The contenders run in alternating
rounds. A ratio is the median of the ratios of all rounds; the spread is the lowest and the highest of
them. Rows without a target are for information.

${table(rows)}

- Every contender is a newly started and warmed-up process; all do the same work.
${notes}
- Resident memory is read after a forced collection (\`--expose-gc\`).
`;
}

const awake = `- The load generator does not sleep while it waits, because waking it would cost the server time that
  grows with the length of the sleep.`;

const serverNotes = `- \`bare node:http\` reads and parses the body, compares it with the headers and answers with the
  same bytes as Lutra, serialised for each request.
- \`official SDK\` is \`@modelcontextprotocol/server\` with its Node adapter as documented. It and
  \`Lutra\` have the same 21 tools with the same zod schemas, created once.
- CPU per request is the server process's user and system time.
${awake}`;

const processNotes = `- The gateway forwards bodies unread, with its access log (to \`/dev/null\`), metrics and cache
  enabled. On shared cores, its processes may use both; one upstream and the load share the second
  core. The ratio of the rates is then a lower bound, because the cores are not free.
- With a share, a control group of Linux limits each process to that part of a core, so that both cores
  have time left for the upstream and the load. The supervisor is within the share of the first process.
- CPU per request is that of all processes of the gateway, with the supervisor. The computed
  rate of two free cores follows from the figures on shared cores.`;

const gatewayNotes = `- Proxies route on \`Mcp-Name\` to two Lutra servers. A proxy has the first core to itself. Both
  servers share the second core with the load, also where they are called directly, so that the proxy
  is the bottleneck. A proxy that needs less CPU than servers and load together, such as nginx and
  HAProxy, is limited by those: compare its CPU per request.
- \`Lutra\` forwards bodies unread, with its access log (to \`/dev/null\`), metrics and cache enabled.
  \`merged and renamed\` replaces the tool's name with the upstream's in the bytes of each request.
- \`undici.request\` is a bare \`node:http\` server in front of \`undici.request\`. \`@fastify/reply-from\`
  and \`http-proxy-3\` (1.23, the last version for Node 20) are used as documented. nginx and HAProxy
  are Debian's, with one worker, no log, and a minimal configuration for the same routing.
- \`TCP copy in Node\` reads no HTTP: it only copies bytes between two sockets, which any proxy on Node
  does beside its own work. \`HTTP copy in Node\` lets \`node:http\` read the requests of clients, chooses
  the upstream, and copies messages that arrive in one piece; it checks, limits and logs nothing.
- CPU per request of a proxy is the user and system time of its processes. A published proxy in Rust
  adds 52 µs at p50 with one connection, on another machine.
- A list from the cache is compared with a server that has the first core to itself.
${awake}
  Where the upstreams share its core, it may sleep. With a generator that always may sleep, a list from
  the cache reached 0.74 of the direct server's rate, because the slower contender more often finds the
  generator asleep.`;

const taskNotes = `- Each task is created by \`tools/call\`, run by the same process, and completed after one stored step.
  Postgres is a new cluster on the first core with its default settings and \`fsync\`; the processes
  that run the tasks are on the second core.
- The baselines write rows of the same shape. None of them writes a step or does a server's work for a
  call.
  - SQLite: two statements, each with its own commit and with the same settings. Lutra commits the
    writes of many tasks together.
  - Postgres: a row and its job in one transaction, a graphile-worker with default settings and the
    same concurrency, and an update.
  - Memory: only the operations of Lutra's own store, which are the creation of a row, its run by a
    worker, and an update. The same call without a task, and a \`Map\` alone, are shown for information.`;
