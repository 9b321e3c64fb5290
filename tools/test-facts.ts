/** Extracts from a file what the rules for tests read: tests, expectations, waits, clocks. */
import { posix } from "node:path";
import { type Node, parseSync, Visitor, type VisitorObject } from "oxc-parser";

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The place of a test, and its function. */
export interface Test {
  readonly start: number;
  readonly body: Span;
}

/** Offsets and spans in the source of a file. */
export interface TestFacts {
  /** Calls of `it` or `test`, also with modifiers, or of a function named after one. */
  readonly tests: readonly Test[];
  /** Objects with a `name` and a function `run` or `body`. In some folders these are tests. */
  readonly cases: readonly Test[];
  /** Functions whose name begins with `expect` or `assert`. */
  readonly assertions: readonly Span[];
  /** `expect(...).matcher(...)`, `assert(...)`, `fc.assert(...)`, and calls of `assertions`. */
  readonly expectations: readonly number[];
  /** Statements `expect(...)` and `expect(...).matcher`. */
  readonly incomplete: readonly number[];
  /** Statements `expect(...).rejects.matcher(...)` and the like, without `await`. */
  readonly unawaited: readonly number[];
  readonly throws: readonly number[];
  /** Waits for a time: a promise of `setTimeout`, and calls of an imported `delay` or `sleep`. */
  readonly sleeps: readonly number[];
  /** Differences from a reading of a clock. */
  readonly measurements: readonly number[];
}

type Collected = {
  -readonly [Key in keyof TestFacts]: TestFacts[Key] extends readonly (infer Item)[] ? Item[] : 0;
};

// The patterns match what `chainOf` returns.
const test = /^(?:it|test)\b|^it[A-Z]\w*$/;
const assertion = /^(?:expect|assert)[A-Z]/;
const expectation =
  /^expect(?:\.\w+)?\(\)\.|^assert\b|^fc\.assert$|(?:^|\.)(?:expect|assert)[A-Z]\w*$/;
const begun = /^expect(?:\.soft|\.poll)?\(\)/;
const complete = /^expect(?:\.soft|\.poll)?\(\)(?:\.\w+)+\(\)$/;
const promised = /^expect(?:\.soft)?\(\)\.(?:rejects|resolves)\.|^expect\.poll\(\)\./;
const sleep = /^(?:delay|sleep)$/;
const clock = /^(?:performance\.now|Date\.now|process\.hrtime)\b/;

/** Parses a file of TypeScript or JavaScript. */
export function testFactsOf(path: string, source: string): TestFacts {
  const facts: Collected = {
    tests: [],
    cases: [],
    assertions: [],
    expectations: [],
    incomplete: [],
    unawaited: [],
    throws: [],
    sleeps: [],
    measurements: [],
  };
  const { program } = parseSync(path, source);
  const visitors = [
    findTests(facts),
    findAssertions(facts),
    findExpectations(facts),
    findSleeps(facts, unitOf(path)),
    findMeasurements(facts),
  ];
  for (const visitor of visitors) new Visitor(visitor).visit(program);
  return facts;
}

function findTests({ tests, cases }: Collected): VisitorObject {
  /** Names that the file gives to `it` with modifiers. */
  const aliases = new Set<string>();
  return {
    VariableDeclarator: ({ id, init }) => {
      if (init && test.test(chainOf(init))) aliases.add(chainOf(id));
    },
    CallExpression: ({ callee, arguments: [, ...rest], start }) => {
      const chain = chainOf(callee);
      const body = rest.find(isFunction);
      if (body && (test.test(chain) || aliases.has(chain))) tests.push({ start, body });
    },
    ObjectExpression: ({ properties, start }) => {
      // A shorthand property passes on the name of another case.
      const values = new Map<string, Node>();
      for (const property of properties) {
        if (property.type !== "Property" || property.shorthand) continue;
        values.set(chainOf(property.key), property.value);
      }
      const body = values.get("run") ?? values.get("body");
      if (values.has("name") && body && isFunction(body)) cases.push({ start, body });
    },
  };
}

function findAssertions({ assertions, throws }: Collected): VisitorObject {
  return {
    VariableDeclarator: ({ id, init }) => {
      if (init && isFunction(init) && assertion.test(chainOf(id))) assertions.push(init);
    },
    FunctionDeclaration: ({ id, start, end }) => {
      if (id && assertion.test(id.name)) assertions.push({ start, end });
    },
    ThrowStatement: ({ start }) => {
      throws.push(start);
    },
  };
}

function findExpectations({ expectations, incomplete, unawaited }: Collected): VisitorObject {
  return {
    CallExpression: ({ callee, start }) => {
      if (expectation.test(chainOf(callee))) expectations.push(start);
    },
    ExpressionStatement: ({ expression, start }) => {
      const isAwaited = expression.type === "AwaitExpression";
      const chain = chainOf(isAwaited ? expression.argument : expression);
      if (begun.test(chain) && !complete.test(chain)) incomplete.push(start);
      if (promised.test(chain) && !isAwaited) unawaited.push(start);
    },
  };
}

function findSleeps({ sleeps }: Collected, unit: string): VisitorObject {
  const waits = new Set<string>();
  /** Names of the functions that resolve a promise. */
  const resolvers = new Set<string>();
  return {
    ImportDeclaration: ({ source, specifiers }) => {
      if (source.value === unit) return;
      const isTimer = /^(?:node:)?timers\/promises$/.test(source.value);
      for (const specifier of specifiers) {
        const imported = specifier.type === "ImportSpecifier" ? chainOf(specifier.imported) : "";
        const isWait = sleep.test(imported) || (isTimer && imported === "setTimeout");
        if (isWait) waits.add(specifier.local.name);
      }
    },
    NewExpression: ({ callee, arguments: [executor] }) => {
      if (chainOf(callee) !== "Promise" || executor?.type !== "ArrowFunctionExpression") return;
      const [resolve] = executor.params;
      if (resolve) resolvers.add(chainOf(resolve));
    },
    CallExpression: ({ callee, arguments: [first], start }) => {
      const chain = chainOf(callee);
      const isPromised = chain === "setTimeout" && first && resolvers.has(chainOf(first));
      if (waits.has(chain) || isPromised) sleeps.push(start);
    },
  };
}

function findMeasurements({ measurements }: Collected): VisitorObject {
  /** Names of readings. */
  const readings = new Set<string>();
  const isReading = (node: Node) => clock.test(chainOf(node)) || readings.has(chainOf(node));
  return {
    VariableDeclarator: ({ id, init }) => {
      if (init && clock.test(chainOf(init))) readings.add(chainOf(id));
    },
    BinaryExpression: ({ operator, left, right, start }) => {
      const isDifference = operator === "-" && right.type !== "Literal";
      if (isDifference && (isReading(left) || isReading(right))) measurements.push(start);
    },
  };
}

/** The specifier by which a test imports the file that it is about. */
function unitOf(path: string): string {
  return `./${posix.basename(path).replace(/(?:\.(?:alone|heavy))?\.test\.ts$/, ".ts")}`;
}

/** The names of an expression: `expect().not.toBe` for `expect(x).not.toBe`, or "" for others. */
function chainOf(node: Node): string {
  if (node.type === "Identifier") return node.name;
  if (node.type === "CallExpression") return `${chainOf(node.callee)}()`;
  if (node.type === "TaggedTemplateExpression") return `${chainOf(node.tag)}()`;
  return node.type === "MemberExpression"
    ? `${chainOf(node.object)}.${chainOf(node.property)}`
    : "";
}

function isFunction({ type }: Node): boolean {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}
