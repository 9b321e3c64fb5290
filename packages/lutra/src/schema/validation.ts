/** The state of one validation: its budget of steps, and the problems that it has found. */

/**
 * Applies a compiled schema to a value. Returns true for a valid value. Records problems, and the
 * members that the schema has evaluated if it receives a record of them.
 */
export type Check = (value: unknown, run: Validation, evaluated?: Evaluated) => boolean;

export interface Problem {
  /** The keys that lead to the value, the outermost first. */
  readonly path: (string | number)[];
  readonly expected: string;
}

/** Thrown when a validation has used all its steps. */
export class OutOfSteps extends Error {}

/** Maximum length of a text that is quoted in a message, in characters. */
const maxQuoted = 100;
/** Maximum number of keys of a path in a message. */
const maxKeys = 10;
/** Maximum length of one problem in a message, in characters. */
const maxProblemLength = 1000;

/**
 * One validation. A step is about as much work as the comparison of two types. Work that depends on
 * the value or on the schema is counted before or while it is done.
 */
export class Validation {
  problems: Problem[] = [];
  /** The resources that contain the schemas in application, the outermost first. */
  readonly scope: unknown[] = [];
  #steps: number;
  readonly #maxProblems: number;
  #isQuiet = false;
  #keyed: object | undefined;
  #keys: readonly string[] = [];

  constructor(maxSteps: number, maxProblems: number) {
    this.#steps = maxSteps;
    this.#maxProblems = maxProblems;
  }

  /** @throws {OutOfSteps} */
  spend(steps: number): void {
    this.#steps -= steps;
    if (this.#steps < 0) throw new OutOfSteps();
  }

  /** True while more problems can be recorded, so that the validation of siblings is of use. */
  get wantsMore(): boolean {
    return !this.#isQuiet && this.problems.length < this.#maxProblems;
  }

  /** Records a problem, whose parts are joined only if it can be recorded. Returns false. */
  fail(...parts: readonly unknown[]): false {
    if (this.wantsMore) this.problems.push({ path: [], expected: parts.join("") });
    return false;
  }

  /** Applies all schemas or rules to a value, until no more problems can be recorded. */
  all<T>(
    checks: readonly ((value: T, run: Validation, evaluated?: Evaluated) => boolean)[],
    value: T,
    evaluated?: Evaluated,
  ): boolean {
    let isValid = true;
    for (const check of checks) {
      if (check(value, this, evaluated)) continue;
      isValid = false;
      if (!this.wantsMore) break;
    }
    return isValid;
  }

  /** Applies a test to every element, from an index on, until no more problems can be recorded. */
  every<T>(list: readonly T[], test: (one: T, index: number) => boolean, start = 0): boolean {
    let isValid = true;
    for (let index = start; index < list.length; index += 1) {
      if (test(list[index] as T, index)) continue;
      isValid = false;
      if (!this.wantsMore) break;
    }
    return isValid;
  }

  /** Applies a schema to a member of the value. */
  member(check: Check, value: unknown, key: string | number): boolean {
    const before = this.problems.length;
    if (check(value, this)) return true;
    for (const { path } of this.problems.slice(before)) path.unshift(key);
    return false;
  }

  /**
   * Tests a value without recording problems. Only schemas that match contribute to the evaluated
   * members.
   */
  matches(check: Check, value: unknown, evaluated?: Evaluated): boolean {
    const before = this.#isQuiet;
    this.#isQuiet = true;
    const own = evaluated && new Evaluated();
    const isValid = check(value, this, own);
    this.#isQuiet = before;
    if (isValid && evaluated && own) this.merge(evaluated, own);
    return isValid;
  }

  /** Applies a schema, and returns its problems without recording them. */
  attempt(check: Check, value: unknown): readonly Problem[] {
    this.spend(16);
    const before = this.problems;
    this.problems = [];
    check(value, this);
    const found = this.problems;
    this.problems = before;
    return found;
  }

  /** Records problems that `attempt` has returned. */
  add(problems: readonly Problem[]): false {
    this.problems.push(...problems.slice(0, this.#maxProblems - this.problems.length));
    return false;
  }

  /** Marks a member or an item as evaluated. */
  evaluate(evaluated: Evaluated, key: string | number): void {
    this.spend(24);
    evaluated.keys.add(key);
  }

  /** Marks all that another schema has evaluated. */
  merge(evaluated: Evaluated, other: Evaluated): void {
    this.spend(other.keys.size * 24);
    evaluated.hasAll ||= other.hasAll;
    evaluated.items = Math.max(evaluated.items, other.items);
    for (const key of other.keys) evaluated.keys.add(key);
  }

  /** Returns the names of the members of an object. */
  keysOf(value: object): readonly string[] {
    if (this.#keyed !== value) {
      this.#keys = Object.keys(value);
      this.#keyed = value;
      // Listing the names of a large object takes longer, because they have to be sorted.
      this.spend(this.#keys.length * (this.#keys.length > 1000 ? 16 : 1));
    }
    return this.#keys;
  }

  describe(): string {
    return this.problems.map(({ path, expected }) => described(path, expected)).join("; ");
  }
}

/** The members of an object, or the items of an array, that a schema has evaluated. */
export class Evaluated {
  /** True when all members are evaluated. */
  hasAll: boolean = false;
  /** Number of items at the start of the array that are evaluated. */
  items: number = 0;
  readonly keys: Set<string | number> = new Set();
}

/** Returns the name of a value's JSON type. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Shortens a text for a message. */
export function quoted(text: string): string {
  return text.length > maxQuoted ? `${text.slice(0, maxQuoted)}...` : text;
}

/** Returns the text of a problem, with the end of the path that leads to it. */
export function described(path: readonly (string | number)[], problem: string): string {
  const keys = path.slice(-maxKeys).map((key) => quoted(String(key)));
  if (path.length > maxKeys) keys.unshift("...");
  const text = problem.slice(0, maxProblemLength);
  return keys.length === 0 ? text : `${keys.join(".")}: ${text}`;
}
