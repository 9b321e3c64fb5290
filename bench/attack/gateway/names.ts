/** Spellings of names that rules deny or count. */
import type { ConfigInput } from "@lutra/gateway";
import type { Part } from "../part.ts";
import { ask, call, read } from "./asking.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { type AttackedGateway, attackGateway } from "./attacked-gateway.ts";
import { type NamesUpstream, startNamesUpstream } from "./names-upstream.ts";

const long = `${"x".repeat(118)}_delete`;
const tools = ["drop_table", "report", long, "fine"];

const rules: NonNullable<ConfigInput["routes"]> = [
  { match: { method: "tools/call", name: "drop_*" }, deny: "not here" },
  { match: { tool: "*_delete" }, deny: "not here" },
  { match: { method: "resources/read", name: "file:///etc/*" }, deny: "not here" },
];

/** The configurations under attack. Prefixes are sent to all of them. */
const shapes: readonly NonNullable<ConfigInput["routes"]>[] = [
  [...rules, { merge: "all" }],
  [...rules, { merge: "all", prefix: "always" }],
  [...rules, { to: "notes" }],
];

const prefixes = ["", "notes.", "other.", "NOTES.", "notes.notes.", "notes+", "notes/", ".", " "];
const suffixes = ["", " ", ".", "\u0000", "\u200b"];

function spellingsOf(name: string): readonly string[] {
  return prefixes.flatMap((prefix) => suffixes.map((suffix) => `${prefix}${name}${suffix}`));
}

const files: readonly string[] = [
  "file:///etc/passwd",
  "FILE:///etc/passwd",
  "file:/etc/passwd",
  "file://localhost/etc/passwd",
  "file:///etc//passwd",
  "file:////etc/passwd",
  "file:///./etc/passwd",
  "file:///x/../etc/passwd",
  "file:///etc/x/../passwd",
  "file:///%65tc/passwd",
  "file:///%65%74%63/passwd",
  "file:///etc%2fpasswd",
  "file:///etc/passwd?x",
  "file:///etc/passwd#x",
  "file:///etc\\passwd",
  " file:///etc/passwd",
  "file:///etc/passwd\u0000",
];
const carriers = ["", "notes+", "Notes+", "other+", "notes+notes+", "notes+other+", "+", "notes:"];

const attacks: readonly GatewayAttack[] = [
  {
    name: "denied tools",
    sent: `${spellingsOf("").length} spellings of two denied names, to three configurations`,
    holds: "no denied tool runs; others do",
    run: () => attackNames([...spellingsOf("drop_table"), ...spellingsOf(long)].map(call)),
  },
  {
    name: "denied resources",
    sent: `${files.length * carriers.length} spellings of a denied URI, to three configurations`,
    holds: "no denied file is read; others are",
    run: () => {
      const uris = carriers.flatMap((carrier) => files.map((file) => `${carrier}${file}`));
      return attackNames(uris.map(read));
    },
  },
  {
    name: "a limit of one call",
    sent: "all spellings of one tool of one upstream",
    holds: "the tool runs once",
    run: countSpellings,
  },
];

export const names: Part = partOf("names", "Rules on names", attacks);

async function attackNames(heads: readonly ReturnType<typeof call>[]): Promise<Observation> {
  const [notes, other] = await Promise.all([
    startNamesUpstream("notes", tools),
    startNamesUpstream("other", tools),
  ]);
  try {
    const statuses: number[] = [];
    for (const routes of shapes) {
      await attackGateway(configOf([notes, other], { routes }), async ({ url }) => {
        statuses.push(...(await sendAll(url, heads)));
        // Only that rules apply shows nothing if nothing is served at all.
        statuses.push((await ask(url, read("notes+file:///home/a"))).status);
        statuses.push((await ask(url, read("file:///home/a"))).status);
      });
    }
    const ran = [...notes.ran, ...other.ran];
    const denied = ran.filter(isDenied);
    return {
      observed: `${denied.length} ran; ${tally(statuses)}`,
      isHeld: denied.length === 0 && ran.some((one) => one.includes("/home/a")),
    };
  } finally {
    await Promise.all([notes.close(), other.close()]);
  }
}

/** Returns true for a denied tool, and for a path that a file system resolves to one below `/etc`. */
function isDenied(ran: string): boolean {
  if (!ran.startsWith("file:")) return ran.startsWith("drop_") || ran.endsWith("_delete");
  const { pathname } = new URL(ran.replaceAll("\\", "/"));
  return /^\/+etc\//i.test(decodeURIComponent(pathname.replace(/%00$/, "")));
}

async function countSpellings(): Promise<Observation> {
  const notes = await startNamesUpstream("notes", tools);
  const other = await startNamesUpstream("other", tools);
  const limits: ConfigInput["limits"] = [
    {
      match: { upstream: "notes", tool: "report" },
      rate: { requests: 1, perMs: 3_600_000 },
    },
  ];
  const config = configOf([notes, other], { limits, routes: [{ merge: "all" }] });
  try {
    const statuses = await attackGateway(config, ({ url }) =>
      sendAll(url, spellingsOf("report").map(call)),
    );
    const runs = notes.ran.filter((name) => name === "report").length;
    return { observed: `ran ${runs} x; ${tally(statuses)}`, isHeld: runs === 1 };
  } finally {
    await Promise.all([notes.close(), other.close()]);
  }
}

function configOf(
  [notes, other]: readonly [NamesUpstream, NamesUpstream],
  more: ConfigInput | Partial<ConfigInput>,
): ConfigInput {
  return {
    cache: false,
    upstreams: { notes: { url: notes.url }, other: { url: other.url } },
    ...more,
  };
}

async function sendAll(
  url: AttackedGateway["url"],
  heads: readonly ReturnType<typeof call>[],
): Promise<number[]> {
  const statuses: number[] = [];
  for (const head of heads) statuses.push((await ask(url, head)).status);
  return statuses;
}
