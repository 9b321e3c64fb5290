/** One module of the program, parsed and reduced to facts. */
import { parseSync } from "oxc-parser";
import { importsOf } from "./bindings.ts";
import { keyedBySession } from "./containers.ts";
import { type Fact, usesOf } from "./facts.ts";
import { createLineFinder } from "./lines.ts";
import { stateOf } from "./module-state.ts";
import { nestingOf } from "./nesting.ts";
import { type Sdk, sdkOf } from "./sdks.ts";
import type { Syntax } from "./syntax.ts";

export interface Module {
  /** From the folder of the program, with forward slashes. */
  readonly path: string;
  readonly source: string;
  readonly program: Syntax;
  /** The modules that it imports, as the imports name them. */
  readonly imports: readonly string[];
  /** The SDKs from which it imports. */
  readonly sdks: ReadonlySet<Sdk>;
  readonly facts: readonly Fact[];
  /** Returns the line of a position, counted from 1. */
  readonly lineOf: (position: number) => number;
}

/** Thrown for a source that is not valid JavaScript or TypeScript, or is nested too deep. */
export class SyntaxProblem extends Error {
  override readonly name: string = "SyntaxProblem";
}

/** Deeper brackets could exhaust the stack of the parser, which ends the process. */
const maxNesting = 1000;

/**
 * Parses a source.
 *
 * @throws {SyntaxProblem} for invalid syntax, with the line, and for brackets that are nested too deep
 */
export function parseModule(path: string, source: string): Module {
  if (nestingOf(source) > maxNesting) {
    throw new SyntaxProblem(`more than ${maxNesting} nested brackets`);
  }
  const { program: parsed, errors } = parseSync(path, source);
  const lineOf = createLineFinder(source);
  const [first] = errors;
  if (first !== undefined) {
    const at = first.labels[0]?.start ?? 0;
    throw new SyntaxProblem(`line ${lineOf(at)}: ${first.message}`);
  }
  const program = parsed as unknown as Syntax;
  const { bindings, modules } = importsOf(program);
  const sdks = new Set(modules.flatMap((module) => sdkOf(module) ?? []));
  const keyed = keyedBySession(program, source);
  const places = new Set(keyed.map(({ start }) => start));
  const state = stateOf(program).filter(({ start }) => !places.has(start));
  const facts = [...usesOf(program, source, bindings), ...keyed, ...state];
  return { path, source, program, imports: modules, sdks, facts, lineOf };
}
