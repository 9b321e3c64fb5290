/** Startup time of a process: the import of the package, and the first answer. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { start as startContender } from "../contender.ts";
import { toolCalls } from "../exchanges.ts";
import { Load } from "../load.ts";
import type { Plan } from "../plan.ts";
import { type Row, row, significant, type Target } from "../row.ts";
import { alternate, median, ratios } from "../statistics.ts";

const run = promisify(execFile);

export async function start({ imports, generations, rounds }: Plan): Promise<readonly Row[]> {
  const packages = ["@modelcontextprotocol/server", "lutra/server"];
  const [official, lutra] = (await alternate(packages, imports, importMs)) as [number[], number[]];
  const files = ["bare-node", "official", "lutra"];
  const [bareFirst, officialFirst, lutraFirst] = (await alternate(
    files,
    generations * rounds,
    firstAnswerMs,
  )) as [number[], number[], number[]];
  const first = "start to first answer, zod included";
  return [
    compared("import: lutra/server / @modelcontextprotocol/server", [lutra, official], {
      atMost: 0.25,
    }),
    compared(`${first}: Lutra / official SDK`, [lutraFirst, officialFirst]),
    compared(`${first}: Lutra / bare node:http`, [lutraFirst, bareFirst]),
  ];
}

/** Imports a package in a new process and measures only the import. */
async function importMs(name: string): Promise<number> {
  const code = `
    const start = performance.now();
    await import("${name}");
    console.log(performance.now() - start);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code]);
  return Number(stdout);
}

async function firstAnswerMs(file: string): Promise<number> {
  const begin = performance.now();
  const server = await startContender(file, `./servers/${file}.mjs`);
  await new Load(server.port, toolCalls(server.port)).learn();
  const ms = performance.now() - begin;
  await server.stop();
  return ms;
}

function compared(
  what: string,
  [a, b]: readonly [readonly number[], readonly number[]],
  target?: Target,
): Row {
  return row({
    what,
    values: ratios(a, b),
    medians: `${significant(median(a))} / ${significant(median(b))} ms`,
    ...(target && { target }),
  });
}
