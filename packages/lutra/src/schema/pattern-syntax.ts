/** The syntax of regular expressions, as trees. */

/** Returns true for a character, given as its code point. */
export type CharacterTest = (code: number) => boolean;

export type Expression =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: "start" }
  | { readonly kind: "lookahead"; readonly body: Expression; readonly isNegative: boolean }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly options: readonly Expression[] }
  | {
      readonly kind: "repetition";
      readonly body: Expression;
      readonly min: number;
      readonly max: number;
    };

/** Maximum nesting of groups. */
const maxDepth = 100;

/** A class, or an escape that is not an assertion. */
const set =
  /\.|\[(?:\\[\s\S]|[^\]\\])*\]|\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|\d+|[\s\S])/uy;
const group = /\((?:\?(?::|=|!|<[\p{ID_Start}$_][\p{ID_Continue}$_]*>))?/uy;
const quantifier = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/uy;
/** The characters that do not stand for themselves. */
const syntax = "^$\\.*+?()[]{}|";
const unsupported = /\\[1-9k]|\(\?/uy;

const isWord = (text: string, at: number) => /\w/.test(text.charAt(at));
const isBoundary = (text: string, at: number) => isWord(text, at - 1) !== isWord(text, at);

const assertions: readonly (readonly [string, Expression])[] = [
  ["^", { kind: "start" }],
  ["$", { kind: "assertion", holds: (text, at) => at === text.length }],
  ["\\b", { kind: "assertion", holds: isBoundary }],
  ["\\B", { kind: "assertion", holds: (text, at) => !isBoundary(text, at) }],
];

/**
 * Parses a regular expression.
 *
 * @param classOf Returns the test of a character class or an escape
 * @throws {SyntaxError} for an expression that is invalid or not supported
 */
export function parsePattern(
  pattern: string,
  classOf: (source: string) => CharacterTest,
): Expression {
  return new Parser(pattern, classOf).parse();
}

class Parser {
  readonly #pattern: string;
  readonly #classOf: (source: string) => CharacterTest;
  #at = 0;
  #depth = 0;

  constructor(pattern: string, classOf: (source: string) => CharacterTest) {
    this.#pattern = pattern;
    this.#classOf = classOf;
  }

  parse(): Expression {
    const expression = this.#choice();
    return this.#at < this.#pattern.length ? this.#fail("unexpected )") : expression;
  }

  #choice(): Expression {
    const first = this.#sequence();
    if (!this.#takeText("|")) return first;
    const options = [first, this.#sequence()];
    while (this.#takeText("|")) options.push(this.#sequence());
    return { kind: "choice", options };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (!"|)".includes(this.#next)) parts.push(this.#term());
    return { kind: "sequence", parts };
  }

  #term(): Expression {
    const isSyntax = syntax.includes(this.#next);
    if (isSyntax) {
      for (const [text, assertion] of assertions) if (this.#takeText(text)) return assertion;
    }
    const body = isSyntax ? this.#atom() : this.#literal();
    // A lookahead can't be repeated.
    return body.kind === "lookahead" ? body : this.#repeated(body);
  }

  #atom(): Expression {
    const opened = this.#take(group)?.[0];
    if (opened !== undefined && !(opened === "(" && this.#next === "?")) return this.#group(opened);
    if (opened !== undefined) this.#at -= 1;
    if (this.#take(unsupported)) this.#fail("back-references and lookbehind are not supported");
    const source = this.#take(set)?.[0] ?? this.#fail("unexpected character");
    return { kind: "character", test: this.#classOf(source) };
  }

  #literal(): Expression {
    const code = this.#pattern.codePointAt(this.#at) as number;
    this.#at += code > 0xffff ? 2 : 1;
    return { kind: "character", test: (other) => other === code };
  }

  #group(opened: string): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth) this.#fail("nested too deeply");
    const body = this.#choice();
    this.#depth -= 1;
    if (!this.#takeText(")")) this.#fail("expected )");
    if (opened !== "(?=" && opened !== "(?!") return body;
    return { kind: "lookahead", body, isNegative: opened === "(?!" };
  }

  #repeated(body: Expression): Expression {
    const found = "*+?{".includes(this.#next || " ") ? this.#take(quantifier) : null;
    if (found === null) return body;
    const [min, max] = rangeOf(found);
    if (min > max) this.#fail("the numbers of a quantifier are in the wrong order");
    return { kind: "repetition", body, min, max };
  }

  /** The next code unit; empty at the end, which every text includes. */
  get #next(): string {
    return this.#pattern.charAt(this.#at);
  }

  #take(token: RegExp): RegExpExecArray | null {
    token.lastIndex = this.#at;
    const found = token.exec(this.#pattern);
    if (found !== null) this.#at = token.lastIndex;
    return found;
  }

  #takeText(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(problem: string): never {
    throw new SyntaxError(`${problem} at ${this.#at}`);
  }
}

function rangeOf([, sign, least, comma, most]: RegExpExecArray): readonly [number, number] {
  if (sign !== undefined)
    return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY];
  if (comma === undefined) return [Number(least), Number(least)];
  return [Number(least), most === "" ? Number.POSITIVE_INFINITY : Number(most)];
}
