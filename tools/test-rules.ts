/**
 * Checks that tests can fail and do not depend on time:
 *
 *     node --import tsx tools/test-rules.ts
 *
 * A test contains an expectation: a matcher, or a call of a function whose name begins with `expect`
 * or `assert`. A function of such a name contains an expectation or throws. A test that waits for a
 * fixed time, or measures time, is an `*.alone.test.ts` or an `*.heavy.test.ts`. An exception states
 * its reason on its line or on the line above: `// time: <reason>`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow } from "./files.ts";
import { lineAt } from "./prose.ts";
import { type Span, type TestFacts, testFactsOf } from "./test-facts.ts";

const test = /\.test\.(?:ts|mjs)$/;
/** Tests, and files that only tests import. */
const tested = /(?:\.test|^test\/.*|\/(?:fixtures|testing)\/.*)\.(?:ts|mjs)$/;
/** Folders in which an object with a name and a function is a test. */
const withCases = /\/(?:scenarios|contracts)\//;
const alone = /\.(?:alone|heavy)\.test\.ts$/;
const reason = /\/\/ time: \S/;

interface Finding {
  readonly start: number;
  readonly message: string;
}

/** Returns each violation in a file as `path:line: message`, in the order of lines. */
export function violationsIn(path: string, source: string): string[] {
  const facts = testFactsOf(path, source);
  const findings = [
    ...withoutExpectation(facts, withCases.test(path)),
    ...at(facts.incomplete, "expected a matcher that is called"),
    ...at(facts.unawaited, "expected an await"),
    ...timed(path, source, facts),
  ];
  return findings
    .sort((a, b) => a.start - b.start)
    .map(({ start, message }) => `${path}:${lineAt(source, start)}: ${message}`);
}

function withoutExpectation(facts: TestFacts, hasCases: boolean): Finding[] {
  const tests = hasCases ? [...facts.tests, ...facts.cases] : facts.tests;
  const idle = tests.filter(({ body }) => !facts.expectations.some(within(body)));
  const mayFail = [...facts.expectations, ...facts.throws];
  const harmless = facts.assertions.filter((body) => !mayFail.some(within(body)));
  return [
    ...at(starts(idle), "expected an expectation in this test"),
    ...at(starts(harmless), "expected an expectation in a function of this name"),
  ];
}

function timed(path: string, source: string, facts: TestFacts): Finding[] {
  if (alone.test(path)) return [];
  const lines = source.split("\n");
  const hasReason = ({ start }: Finding) => {
    const line = lineAt(source, start);
    return lines.slice(Math.max(0, line - 2), line).some((text) => reason.test(text));
  };
  const measurements = test.test(path) ? facts.measurements : [];
  return [
    ...at(facts.sleeps, "expected an event instead of a sleep, or // time: <reason>"),
    ...at(measurements, "expected a measurement in an *.alone.test.ts, or // time: <reason>"),
  ].filter((finding) => !hasReason(finding));
}

function at(starts: readonly number[], message: string): Finding[] {
  return starts.map((start) => ({ start, message }));
}

function starts(spans: readonly { readonly start: number }[]): number[] {
  return spans.map(({ start }) => start);
}

function within({ start, end }: Span): (offset: number) => boolean {
  return (offset) => offset >= start && offset < end;
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const files = filesBelow(root, ".").filter((path) => tested.test(path));
  const found = files.flatMap((path) =>
    violationsIn(path, readFileSync(`${root}/${path}`, "utf8")),
  );
  console.log([...found, `${files.length} files`].join("\n"));
  return found.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
