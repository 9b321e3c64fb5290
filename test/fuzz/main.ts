/**
 * Fuzzes one part of the project.
 *
 *     node --import tsx test/fuzz/main.ts [target] [--minutes N] [--seed N] [--input FILE]
 *
 * Lists the targets if none is named. Exits with 1 when an input violates a property.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { writeFinding } from "./corpus.ts";
import { fuzz } from "./fuzz.ts";
import { runTarget, type Target } from "./target.ts";
import { targets } from "./targets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    input: { type: "string" },
  },
});
const names = positionals[0] === "all" ? targets.map(({ name }) => name) : positionals;
const chosen = names.map(targetOf);

if (chosen.length === 0) {
  const width = Math.max(...targets.map(({ name }) => name.length));
  for (const { name, title } of targets) console.log(`${name.padEnd(width)}  ${title}`);
}
for (const target of chosen) {
  if (values.input === undefined) await run(target);
  else {
    await runTarget(target, readFileSync(values.input));
    console.log("The input violates no property.");
  }
}

function targetOf(name: string): Target {
  const target = targets.find((one) => one.name === name);
  if (target !== undefined) return target;
  console.error(`No such target: ${name}; npm run fuzz lists the targets`);
  process.exit(1);
}

async function run(target: Target): Promise<void> {
  const minutes = numberOf("minutes", values.minutes);
  const options = { minutes, seed: numberOf("seed", values.seed) };
  const { inputs, blocks, kept, findings } = await fuzz(target, options);
  console.log(
    `| ${target.name} | ${inputs} | ${minutes} | ${blocks} | ${kept} | ${findings.length} |`,
  );
  for (const { input, error } of findings) {
    console.error(error);
    console.error(`Reproduce: ${writeFinding(target, input)}`);
    process.exitCode = 1;
  }
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  console.error(`--${name}: expected a positive number, got ${text}`);
  process.exit(1);
}
