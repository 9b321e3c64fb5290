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

/** A place in a text. */
interface Place {
  readonly text: string;
  at: number;
  readonly budget: Budget;
}

type Condition = (place: Place) => boolean;

/** The kinds of states. A state is its kind and two operands, which lie side by side. */
const kinds = {
  /** The end of the pattern. */
  accepting: 0,
  /** Consumes a character: the index of its test, and the state behind it. */
  character: 1,
  /** Consumes nothing: two states. */
  either: 2,
  /** Consumes nothing: the index of the condition, and the state behind it. */
  condition: 3,
} as const;

const accepting = 0;

/**
 * The states of all patterns of one schema. They are numbers in one list, because a pattern of a few
 * characters can have 70,000 of them, and objects would be spread over the memory.
 */
interface Automaton {
  readonly states: number[];
  readonly tests: CharacterTest[];
  readonly conditions: Condition[];
  /** By state: the step of a search that visited it last. */
  marks: Float64Array;
  /** The number of the last step. It is never repeated, so marks need not be removed. */
  lastMark: number;
}

/** Compiles the patterns of one schema, and limits their size. */
export class PatternCompiler {
  readonly #classes = new Map<string, CharacterTest>();
  readonly #automaton: Automaton = {
    states: [kinds.accepting, 0, 0],
    tests: [],
    conditions: [],
    marks: new Float64Array(0),
    lastMark: 0,
  };
  #left: number;

  /** @param maxSize The limit, in characters and states */
  constructor(maxSize = 70_000) {
    this.#left = maxSize;
  }

  /** @throws {SyntaxError} for a pattern that is invalid, not supported or too large */
  compile(pattern: string): Match {
    this.#spend(pattern.length);
    const expression = parsePattern(pattern, (source) => this.#classOf(source));
    const start = this.#emit(expression, accepting);
    const search = new Search(this.#automaton, start, startsAnchored(expression));
    return (text, budget) => search.run({ text, at: 0, budget });
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
  #emit(expression: Expression, next: number): number {
    this.#spend(1);
    switch (expression.kind) {
      case "character":
        return this.#add(kinds.character, this.#automaton.tests.push(expression.test) - 1, next);
      case "start":
        return this.#addCondition(({ at }) => at === 0, next);
      case "assertion":
        return this.#addCondition(({ text, at }) => expression.holds(text, at), next);
      case "lookahead":
        return this.#addCondition(this.#lookahead(expression), next);
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.#emit(part, after), next);
      case "choice":
        return expression.options
          .map((one) => this.#emit(one, next))
          .reduce((one, other) => this.#add(kinds.either, one, other));
      case "repetition":
        return this.#emitRepetition(expression, next);
    }
  }

  #lookahead({ body, isNegative }: Expression & { kind: "lookahead" }): Condition {
    const search = new Search(this.#automaton, this.#emit(body, accepting), true);
    return (place) => search.run({ ...place }) !== isNegative;
  }

  #emitRepetition({ body, min, max }: Expression & { kind: "repetition" }, next: number): number {
    let state = next;
    if (max === Number.POSITIVE_INFINITY) {
      state = this.#add(kinds.either, next, next);
      this.#automaton.states[state + 2] = this.#emit(body, state);
    } else {
      for (let count = min; count < max; count += 1) {
        state = this.#add(kinds.either, next, this.#emit(body, state));
      }
    }
    for (let count = 0; count < min; count += 1) state = this.#emit(body, state);
    return state;
  }

  #add(kind: number, operand: number, next: number): number {
    const { states } = this.#automaton;
    return states.push(kind, operand, next) - 3;
  }

  #addCondition(holds: Condition, next: number): number {
    return this.#add(kinds.condition, this.#automaton.conditions.push(holds) - 1, next);
  }

  #spend(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new SyntaxError("the patterns of the schema are too large");
  }
}

/** The search for one pattern, or for a lookahead. Its lists serve all texts, one after the other. */
class Search {
  readonly #automaton: Automaton;
  readonly #start: number;
  readonly #isAnchored: boolean;
  /** States to visit at this place of the text. */
  #reached: number[] = [];
  /** States that wait for a character. */
  #waiting: number[] = [];

  /** @param isAnchored True when a match has to begin where the search begins */
  constructor(automaton: Automaton, start: number, isAnchored: boolean) {
    this.#automaton = automaton;
    this.#start = start;
    this.#isAnchored = isAnchored;
  }

  /** Returns true for a match at or, unless it is anchored, behind a place, which it moves. */
  run(place: Place): boolean {
    // The beginning of a search costs more than the visits of a short one.
    place.budget.spend(48);
    const automaton = this.#automaton;
    const size = automaton.states.length;
    if (automaton.marks.length < size) automaton.marks = new Float64Array(size);
    // A search that found its match, or ran out of steps, leaves states behind.
    if (this.#reached.length > 0) this.#reached = [];
    if (this.#waiting.length > 0) this.#waiting = [];
    this.#reached.push(this.#start);
    for (;;) {
      if (this.#isAccepted(place)) return true;
      if (place.at >= place.text.length) return false;
      if (this.#isAnchored && this.#waiting.length === 0) return false;
      this.#consume(place);
    }
  }

  /** Visits all states that can be reached without consuming a character. */
  #isAccepted(place: Place): boolean {
    const { states, marks, conditions } = this.#automaton;
    this.#automaton.lastMark += 1;
    const mark = this.#automaton.lastMark;
    const reached = this.#reached;
    let visits = 1;
    for (let state = reached.pop(); state !== undefined; state = reached.pop()) {
      visits += 1;
      if (marks[state] === mark) continue;
      marks[state] = mark;
      const kind = states[state];
      if (kind === kinds.accepting) return true;
      const operand = states[state + 1] as number;
      const next = states[state + 2] as number;
      if (kind === kinds.character) this.#waiting.push(state);
      else if (kind === kinds.either) reached.push(operand, next);
      else if (conditions[operand]?.(place)) reached.push(next);
    }
    place.budget.spend(visits);
    return false;
  }

  /** Moves the states behind the next character. */
  #consume(place: Place): void {
    const { states, tests } = this.#automaton;
    const code = place.text.codePointAt(place.at) as number;
    place.at += code > 0xffff ? 2 : 1;
    const waiting = this.#waiting;
    place.budget.spend(waiting.length * (code < asciiSize ? 1 : 8));
    for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
      if (tests[states[state + 1] as number]?.(code))
        this.#reached.push(states[state + 2] as number);
    }
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
