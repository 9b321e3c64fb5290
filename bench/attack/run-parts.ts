/** Runs the parts of an attack that the command line names, and writes their page. */
import { setTimeout as delay } from "node:timers/promises";
import { writePage } from "../chaos/write-page.ts";
import type { Form, Outcome, Part } from "./part.ts";

export interface AttackPage {
  /** The name of the page in `bench/results`. */
  readonly name: string;
  readonly title: string;
  readonly introduction: string;
}

/** Ends the process, with 1 if a bound was exceeded. */
export async function runParts(parts: readonly Part[], page: AttackPage): Promise<never> {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const known = parts.map(({ name }) => name).join(", ");
    console.error(`No such part: ${unknown.join(", ")}; there are: ${known}`);
    process.exit(1);
  }
  const form = process.argv.includes("--short") ? "short" : "whole";
  const sections: string[] = [];
  let isHeld = true;
  for (const part of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const outcomes = await runPart(part, form);
    sections.push(sectionOf(part, outcomes));
    isHeld &&= outcomes.every((outcome) => outcome.isHeld);
  }
  writePage(page.name, page.title, `${page.introduction}\n\n${sections.join("\n\n")}`);
  process.exit(isHeld ? 0 : 1);
}

/** Runs a part, and prints each outcome. Gives the part up after its time. */
async function runPart(part: Part, form: Form): Promise<readonly Outcome[]> {
  const { name, columns, maxMs = Number.POSITIVE_INFINITY } = part;
  const begin = performance.now();
  const known: Outcome[] = [];
  const onOutcome = (outcome: Outcome) => {
    known.push(outcome);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const verdict = outcome.isHeld ? "held" : "BROKEN";
    console.error(`${name} ${seconds} s ${verdict}: ${outcome.cells.join(", ")}`);
  };
  const whole = part.run(form, onOutcome);
  if (!(await isOver(whole, maxMs))) {
    const given = `not finished in ${maxMs / 1000} s`;
    onOutcome({ cells: columns.map((_, at) => (at === 0 ? given : "")), isHeld: false });
    // Its processes end with this one.
    whole.catch(() => {});
    return known;
  }
  return await whole;
}

/** Resolves to false if a promise is still pending after a time. */
async function isOver(work: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === Number.POSITIVE_INFINITY) return true;
  const end = new AbortController();
  const over = work.then(
    () => true,
    () => true,
  );
  const late = delay(ms, false, { signal: end.signal }).catch(() => false);
  const isFirst = await Promise.race([over, late]);
  end.abort();
  return isFirst;
}

function sectionOf({ title, columns, isText = false }: Part, outcomes: readonly Outcome[]): string {
  const marks = columns.map((_, index) => (index === 0 || isText ? "---" : "---:"));
  const lines = [columns, marks, ...outcomes.map(({ cells }) => cells)];
  return `## ${title}\n\n${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}
