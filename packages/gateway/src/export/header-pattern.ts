/**
 * What a header may look like whose value fits a pattern of the configuration.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */
import { encodeHeaderValue } from "lutra/protocol";
import { base64Pattern } from "./base64-pattern.ts";

/** Whether a proxy's regular expressions see bytes, or characters as RE2 does. */
export type Alphabet = "bytes" | "characters";

/** Spellings of one header; a value fits when it is or matches one of them. */
export interface HeaderPattern {
  readonly exact: readonly string[];
  /** Regular expressions without anchors, of nothing but printable ASCII without quotes. */
  readonly regexes: readonly string[];
}

/**
 * A value has two spellings, plain and Base64, and a client may choose Base64 for any. Both are
 * found, so that nobody gets around a rule by choosing the other.
 */
export function headerPattern(
  patterns: readonly string[],
  alphabet: Alphabet,
  isEncoded: boolean,
): HeaderPattern {
  const found = patterns.map((pattern) => {
    const parts = pattern.split(/\*+/);
    return parts.length === 1
      ? exactSpellings(pattern, alphabet, isEncoded)
      : globSpellings(parts, alphabet, isEncoded);
  });
  return {
    exact: [...new Set(found.flatMap(({ exact }) => exact))],
    regexes: [...new Set(found.flatMap(({ regexes }) => regexes))],
  };
}

function exactSpellings(value: string, alphabet: Alphabet, isEncoded: boolean): HeaderPattern {
  const isRawOnly = !isPlain(value) && isRaw(value) && value !== "";
  return {
    exact: [...(isPlain(value) ? [value] : []), ...(isEncoded ? [sentinelOf(value)] : [])],
    regexes: isRawOnly ? [literal(value, alphabet)] : [],
  };
}

function globSpellings(
  parts: readonly string[],
  alphabet: Alphabet,
  isEncoded: boolean,
): HeaderPattern {
  const isAny = parts.every((part) => part === "");
  return {
    exact: [],
    regexes: [
      ...(parts.every(isRaw) ? [plainGlob(parts, alphabet, isEncoded)] : []),
      ...(isEncoded && !isAny ? [`=\\x3fbase64\\x3f${base64Pattern(parts)}\\x3f=`] : []),
    ],
  };
}

/** One regular expression, without anchors, for all spellings. */
export function asRegex({ exact, regexes }: HeaderPattern): string {
  const all = [...exact.map((value) => literal(value, "bytes")), ...regexes];
  // No header has a NUL: without a spelling there is nothing to find.
  if (all.length === 0) return "\\x00";
  return all.length === 1 ? `${all[0]}` : `(?:${all.join("|")})`;
}

/** Writes text so that a regular expression means just that, without any character that quotes. */
export function literal(text: string, alphabet: Alphabet): string {
  return [...text]
    .map((char) => {
      if (/[A-Za-z0-9_/:@=-]/.test(char)) return char;
      if (char === ".") return "\\.";
      if (alphabet === "characters" && char > "\x7f") {
        return `\\x{${(char.codePointAt(0) ?? 0).toString(16)}}`;
      }
      const bytes = [...new TextEncoder().encode(char)];
      return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    })
    .join("");
}

/** Any text but a line break, which separates headers where several are looked at in one. */
const anything = "[^\\n]*";

function plainGlob(parts: readonly string[], alphabet: Alphabet, isEncoded: boolean): string {
  const [first = "", ...rest] = parts.map((part) => literal(part, alphabet));
  if (rest.every((part) => part === "") && first === "") return "[^\\n]+";
  if (first !== "" || !isEncoded) return [first, ...rest].join(anything);
  // What begins with = may be Base64, of which the characters say nothing.
  return `(?:|[^=\\n]${anything})${rest.join(anything)}`;
}

/** Whether a header carries the text as it is, by the rules. */
function isPlain(text: string): boolean {
  return text !== "" && encodeHeaderValue(text) === text;
}

/** Whether a header could carry the text, though it must not: characters beyond ASCII, as bytes. */
function isRaw(text: string): boolean {
  if (/^=\?base64\?.*\?=$/s.test(text)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no header has
  return !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}

/** The Base64 spelling, also of a text that does not need it. */
function sentinelOf(text: string): string {
  return `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

/** A regular expression, without anchors, for dates like `2026-07-28` from a given one on. */
export function dateFrom(date: string): string {
  const ways = [...date].flatMap((char, index) => {
    if (!/[0-8]/.test(char)) return [];
    const rest = date.slice(index + 1).replace(/\d/g, "[0-9]");
    return [`${date.slice(0, index)}[${Number(char) + 1}-9]${rest}`];
  });
  return `(?:${[...ways, date].join("|")})`;
}
