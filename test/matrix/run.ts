/**
 * `npm run test:matrix`: runs every client against every server, over HTTP and stdio, directly and
 * through one and two gateways; prints the tables and keeps them in `latest.md`. Arguments select
 * by id: `npm run test:matrix -- client=lutra,mcpc server=official-1 place=gateway wire=stdio`; the
 * tables are then only printed. Ends with 1 when a cell fails without an explanation.
 */
import { writeFileSync } from "node:fs";
import { clients, commandOf, type MatrixClient } from "./clients.ts";
import { explanationOf } from "./explained.ts";
import { places, type Wire } from "./places.ts";
import { featureNames } from "./plan.ts";
import { type MatrixServer, prepareServer, servers } from "./servers.ts";
import { type Outcomes, tryClient } from "./try-client.ts";

/** Number of servers that are tried at once. */
const concurrency = 2;

const selected = new Map(process.argv.slice(2).map((word) => word.split("=") as [string, string]));
const isSelected = (what: string, id: string): boolean =>
  selected.get(what)?.split(",").includes(id) ?? true;

const faults: string[] = [];
const notes: string[] = [];

const commands = new Map<MatrixClient, readonly string[]>();
for (const client of clients) {
  if (isSelected("client", client.id)) commands.set(client, await commandOf(client));
}
for (const server of servers) {
  if (isSelected("server", server.id)) await prepareServer(server);
}
const parts = partsOf();
const waiting = [...parts.entries()];
const tried: (readonly Tried[])[] = [];
const lanes = Array.from({ length: concurrency }, async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [index, part] = next;
    tried[index] = await tryPart(part);
  }
});
await Promise.all(lanes);
const sections = sectionsOf();
const page = pageOf();
console.log(page);
if (selected.size === 0) writeFileSync(new URL("latest.md", import.meta.url), page);
if (faults.length > 0) {
  console.error(`\n${faults.length} cells have failed:\n${faults.join("\n")}`);
  process.exit(1);
}
process.exit(0);

/** One server on one way to it. */
interface Part {
  readonly server: MatrixServer;
  readonly wire: Wire;
  readonly place: string;
}

/** One client in front of it. */
interface Tried {
  readonly client: MatrixClient;
  readonly outcomes: Outcomes;
}

function partsOf(): readonly Part[] {
  const asked = servers.filter(({ id }) => isSelected("server", id));
  return asked.flatMap((server) =>
    (["HTTP", "stdio"] as const)
      .filter(
        (wire) => isSelected("wire", wire) && !(wire === "stdio" && server.hasStdio === false),
      )
      .flatMap((wire) =>
        Object.keys(places)
          .filter((place) => isSelected("place", place))
          .map((place) => ({ server, wire, place })),
      ),
  );
}

async function tryPart({ server, wire, place }: Part): Promise<readonly Tried[]> {
  const all: Tried[] = [];
  const reached = await places[place]?.(server, wire);
  if (reached === undefined) throw new Error(`no such place: ${place}`);
  try {
    for (const [client, command] of commands) {
      if ("command" in reached.target && client.hasStdio === false) continue;
      if (server.clients?.test(client.id) === false) continue;
      const started = performance.now();
      const outcomes = await tryClient(command, { target: reached.target, plan: server.plan });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.error(`${server.title}, ${wire}, ${place}, ${client.title}: ${seconds} s`);
      all.push({ client, outcomes });
    }
  } finally {
    await reached.close();
  }
  return all;
}

/** Returns a table for each server and wire. */
function sectionsOf(): readonly string[] {
  const tables = new Map<string, string[][]>();
  for (const [index, { server, wire, place }] of parts.entries()) {
    const title = `${server.title} over ${wire}`;
    const rows = tables.get(title) ?? [];
    tables.set(title, rows);
    for (const { client, outcomes } of tried[index] ?? []) {
      const cell = { client: client.title, server: server.title, wire, place };
      rows.push([client.title, place, ...cellsOf(cell, outcomes)]);
    }
  }
  return [...tables].map(([title, rows]) => sectionOf(title, rows));
}

interface Cell {
  readonly client: string;
  readonly server: string;
  readonly wire: Wire;
  readonly place: string;
}

function cellsOf(cell: Cell, outcomes: Outcomes): readonly string[] {
  const failed = outcomes.get("connect");
  if (failed !== undefined) {
    const shown = shownOf(cell, "connect", failed);
    return featureNames.map(() => shown);
  }
  return featureNames.map((feature) => {
    const outcome = outcomes.get(feature);
    return outcome === undefined ? "" : shownOf(cell, feature, outcome);
  });
}

/** Returns the text of a cell: yes, no with a note, or a failure. */
function shownOf(cell: Cell, feature: string, outcome: string): string {
  if (outcome === "yes") return "yes";
  const reason = explanationOf({ ...cell, feature });
  if (reason === undefined) {
    const { client, server, wire, place } = cell;
    faults.push(`${client} -> ${server}, ${wire}, ${place}, ${feature}: ${outcome}`);
    return "**no**";
  }
  if (!notes.includes(reason)) notes.push(reason);
  return `no (${notes.indexOf(reason) + 1})`;
}

function sectionOf(title: string, rows: readonly string[][]): string {
  const lines = [
    ["client", "place", ...featureNames],
    ["---", "---", ...featureNames.map(() => "---")],
    ...rows,
  ];
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `## ${title}\n\n${table}`;
}

function pageOf(): string {
  const reasons = notes.map((note, at) => `${at + 1}. ${note}`).join("\n");
  return `# Clients and servers of both eras

Run on ${new Date().toISOString().slice(0, 10)} on Node ${process.versions.node}. Written by \`npm run test:matrix\`.

Each row is one client that tries each feature against one server: directly, behind \`lutra gateway\`, and behind two gateways that receive the requests in turn. Empty cells are features that the client or the server does not have.

${sections.join("\n\n")}

## Notes

${reasons || "None."}
`;
}
