/** Startup time of the command `lutra`, relative to a bare start of Node. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Plan } from "../plan.ts";
import { type Row, row, significant } from "../row.ts";
import { alternate, median, ratios } from "../statistics.ts";

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const lutra = pathOf("../../packages/cli/bin/lutra.js");

const request = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "add",
    arguments: { a: 1, b: 2 },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

const programs = [
  { args: [pathOf("../command/bare.mjs")], expected: "started" },
  { args: [lutra, "--help"], expected: "Usage: lutra" },
  { args: [lutra, "serve", pathOf("../command/server.ts"), "--stdio"], expected: '"text":"3"' },
];

export async function command({ imports }: Plan): Promise<readonly Row[]> {
  const [bare = [], help = [], served = []] = await alternate(programs, imports, runMs);
  const compared = (what: string, values: readonly number[], atMost: number) =>
    row({
      what: `${what} / bare Node`,
      values: ratios(values, bare),
      medians: `${significant(median(values))} / ${significant(median(bare))} ms`,
      target: { atMost },
    });
  return [
    compared("lutra --help", help, 2.5),
    compared("lutra serve x.ts --stdio, to the first answer", served, 3.5),
  ];
}

/** Returns the time until a new process has printed the expected text. */
async function runMs({ args, expected }: (typeof programs)[number]): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  child.stdin.on("error", () => {}).write(`${request}\n`);
  let output = "";
  let answeredMs: number | undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
    if (!output.includes(expected)) return;
    answeredMs ??= performance.now() - begin;
    child.stdin.end();
  });
  await ended;
  if (answeredMs === undefined) throw new Error(`${args.join(" ")}: unexpected ${output}`);
  return answeredMs;
}
