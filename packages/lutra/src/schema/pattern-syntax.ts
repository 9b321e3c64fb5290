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
  let at = 0;
  let depth = 0;

  function take(token: RegExp): RegExpExecArray | null {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (found !== null) at = token.lastIndex;
    return found;
  }

  function takeText(text: string): boolean {
    if (!pattern.startsWith(text, at)) return false;
    at += text.length;
    return true;
  }

  function fail(problem: string): never {
    throw new SyntaxError(`${problem} at ${at}`);
  }

  function choice(): Expression {
    const options = [sequence()];
    while (takeText("|")) options.push(sequence());
    return options.length === 1 ? (options[0] as Expression) : { kind: "choice", options };
  }

  function sequence(): Expression {
    const parts: Expression[] = [];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") parts.push(term());
    return { kind: "sequence", parts };
  }

  function term(): Expression {
    if (syntax.includes(pattern.charAt(at))) {
      for (const [text, assertion] of assertions) if (takeText(text)) return assertion;
    }
    const body = atom();
    // A lookahead can't be repeated.
    return body.kind === "lookahead" ? body : repeated(body);
  }

  function atom(): Expression {
    if (!syntax.includes(pattern.charAt(at))) return literal();
    const opened = take(group)?.[0];
    if (opened !== undefined && !(opened === "(" && pattern[at] === "?")) return grouped(opened);
    if (opened !== undefined) at -= 1;
    if (take(unsupported)) fail("back-references and lookbehind are not supported");
    const [source] = take(set) ?? [];
    return source === undefined
      ? fail("unexpected character")
      : { kind: "character", test: classOf(source) };
  }

  function literal(): Expression {
    const code = pattern.codePointAt(at) as number;
    at += code > 0xffff ? 2 : 1;
    return { kind: "character", test: (other) => other === code };
  }

  function grouped(opened: string): Expression {
    depth += 1;
    if (depth > maxDepth) fail("nested too deeply");
    const body = choice();
    depth -= 1;
    if (!takeText(")")) fail("expected )");
    if (opened !== "(?=" && opened !== "(?!") return body;
    return { kind: "lookahead", body, isNegative: opened === "(?!" };
  }

  function repeated(body: Expression): Expression {
    const found = "*+?{".includes(pattern[at] ?? " ") ? take(quantifier) : null;
    if (found === null) return body;
    const [min, max] = rangeOf(found);
    if (min > max) fail("the numbers of a quantifier are in the wrong order");
    return { kind: "repetition", body, min, max };
  }

  const expression = choice();
  if (at < pattern.length) fail("unexpected )");
  return expression;
}

function rangeOf([, sign, least, comma, most]: RegExpExecArray): readonly [number, number] {
  if (sign !== undefined)
    return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY];
  if (comma === undefined) return [Number(least), Number(least)];
  return [Number(least), most === "" ? Number.POSITIVE_INFINITY : Number(most)];
}
