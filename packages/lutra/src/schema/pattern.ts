/**
 * Regular expressions that match in a time proportional to the length of expression and text. They
 * are compiled to a nondeterministic automaton, which is in several states at once and never goes
 * back. The syntax is that of ECMA-262 with the flag `u`, without back-references and lookbehind.
 */
import { type CharacterTest, type Expression, parsePattern } from "./pattern-syntax.ts";

/** The budget of a search. */
interface Budget {
  readonly spend: (steps: number) => void;
}

/** Returns true when a pattern matches anywhere in a text. */
export type Match = (text: string, budget: Budget) => boolean;

interface State {
  /** The step of a search that visited this state last. */
  mark: number;
  /** Consumes one character. */
  readonly test?: CharacterTest;
  /** Consumes nothing. */
  readonly holds?: (text: string, at: number, budget: Budget) => boolean;
  readonly next?: State;
  readonly either?: readonly State[];
}

const unmarked = { mark: 0 };
const accepting: State = { ...unmarked };

/** Compiles the patterns of one schema, and limits their size. */
export class PatternCompiler {
  readonly #classes = new Map<string, CharacterTest>();
  #left: number;

  /** @param maxSize The limit, in characters and states */
  constructor(maxSize = 100_000) {
    this.#left = maxSize;
  }

  /** @throws {SyntaxError} for a pattern that is invalid, not supported or too large */
  compile(pattern: string): Match {
    this.#spend(pattern.length);
    const expression = parsePattern(pattern, (source) => this.#classOf(source));
    const start = this.#emit(expression, accepting);
    const isAnchored = startsAnchored(expression);
    return (text, budget) => search(start, { text, budget, isAnchored });
  }

  /** Equal classes are compiled once. */
  #classOf(source: string): CharacterTest {
    let test = this.#classes.get(source);
    if (test === undefined) {
      // A runtime builds the set of a Unicode property again for each expression, in up to 0.3 ms.
      this.#spend(100 + 1000 * (source.match(/\\p/gi)?.length ?? 0));
      test = characterTest(new RegExp(`^${source}$`, "u"));
      this.#classes.set(source, test);
    }
    return test;
  }

  /** Returns the first state of an expression that is followed by the state `next`. */
  #emit(expression: Expression, next: State): State {
    this.#spend(1);
    switch (expression.kind) {
      case "character":
        return { ...unmarked, test: expression.test, next };
      case "start":
        return { ...unmarked, holds: (_text, at) => at === 0, next };
      case "assertion":
        return { ...unmarked, holds: expression.holds, next };
      case "lookahead":
        return { ...unmarked, holds: this.#lookahead(expression), next };
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.#emit(part, after), next);
      case "choice":
        return { ...unmarked, either: expression.options.map((one) => this.#emit(one, next)) };
      case "repetition":
        return this.#emitRepetition(expression, next);
    }
  }

  #lookahead({ body, isNegative }: Expression & { kind: "lookahead" }): State["holds"] & object {
    const start = this.#emit(body, accepting);
    return (text, at, budget) =>
      search(start, { text, budget, isAnchored: true, at }) !== isNegative;
  }

  #emitRepetition({ body, min, max }: Expression & { kind: "repetition" }, next: State): State {
    let state = next;
    if (max === Number.POSITIVE_INFINITY) {
      const either: State[] = [next];
      state = { ...unmarked, either };
      either.push(this.#emit(body, state));
    } else {
      for (let count = min; count < max; count += 1) {
        state = { ...unmarked, either: [next, this.#emit(body, state)] };
      }
    }
    for (let count = 0; count < min; count += 1) state = this.#emit(body, state);
    return state;
  }

  #spend(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new SyntaxError("the patterns of the schema are too large");
  }
}

interface SearchOptions {
  readonly text: string;
  readonly budget: Budget;
  /** True when a match has to begin at `at`. */
  readonly isAnchored: boolean;
  /** @default 0 */
  readonly at?: number;
}

function search(start: State, options: SearchOptions): boolean {
  options.budget.spend(16);
  return new Search(start, options).run();
}

/** Marks are never repeated, so that the states of an earlier search need not be reset. */
let lastMark = 0;

class Search {
  readonly #start: State;
  readonly #text: string;
  readonly #budget: Budget;
  readonly #isAnchored: boolean;
  #at: number;
  /** States to visit at this place of the text. */
  readonly #reached: State[] = [];
  /** States that wait for a character. */
  readonly #waiting: State[] = [];

  constructor(start: State, { text, budget, isAnchored, at = 0 }: SearchOptions) {
    this.#start = start;
    this.#text = text;
    this.#budget = budget;
    this.#isAnchored = isAnchored;
    this.#at = at;
  }

  run(): boolean {
    this.#reached.push(this.#start);
    for (;;) {
      if (this.#isAccepted()) return true;
      if (this.#at >= this.#text.length) return false;
      if (this.#isAnchored && this.#waiting.length === 0) return false;
      this.#consume();
    }
  }

  /** Visits all states that can be reached without consuming a character. */
  #isAccepted(): boolean {
    lastMark += 1;
    const mark = lastMark;
    let visits = 1;
    for (let state = this.#reached.pop(); state !== undefined; state = this.#reached.pop()) {
      visits += 1;
      if (state.mark === mark) continue;
      state.mark = mark;
      if (state === accepting) return true;
      this.#visit(state);
    }
    this.#budget.spend(visits);
    return false;
  }

  #visit(state: State): void {
    const { test, either, holds, next } = state;
    if (test) this.#waiting.push(state);
    else if (either) for (const one of either) this.#reached.push(one);
    else if (holds?.(this.#text, this.#at, this.#budget)) this.#reached.push(next as State);
  }

  #consume(): void {
    const code = this.#text.codePointAt(this.#at) as number;
    this.#at += code > 0xffff ? 2 : 1;
    this.#budget.spend(this.#waiting.length * (code < asciiSize ? 1 : 8));
    for (const { test, next } of this.#waiting) if (test?.(code)) this.#reached.push(next as State);
    this.#waiting.length = 0;
    if (!this.#isAnchored) this.#reached.push(this.#start);
  }
}

/** Returns true when every match begins at the start of the text. */
function startsAnchored(expression: Expression): boolean {
  if (expression.kind === "choice") return expression.options.every(startsAnchored);
  if (expression.kind !== "sequence") return expression.kind === "start";
  const [first] = expression.parts;
  return first !== undefined && startsAnchored(first);
}

const asciiSize = 128;

/** Remembers the results for ASCII, because a regular expression takes longer than a lookup. */
function characterTest(one: RegExp): CharacterTest {
  const ascii: (boolean | undefined)[] = new Array(asciiSize).fill(undefined);
  return (code) => {
    if (code >= asciiSize) return one.test(String.fromCodePoint(code));
    ascii[code] ??= one.test(String.fromCharCode(code));
    return ascii[code] as boolean;
  };
}
