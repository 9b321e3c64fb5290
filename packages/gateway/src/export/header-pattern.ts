/**
 * Translates patterns of the configuration into the header values that match them.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */
import { encodeHeaderValue } from "lutra/protocol";
import { base64Pattern } from "./base64-pattern.ts";

/** The unit that a proxy's regular expressions match: bytes or, with RE2, characters. */
export type Alphabet = "bytes" | "characters";

/** The accepted values of one header: those equal to or matched by an entry. */
export interface HeaderPattern {
  readonly exact: readonly string[];
  /** Regular expressions without anchors, in printable ASCII without quotes. */
  readonly regexes: readonly string[];
}

/**
 * Returns the header values for a list of patterns. A client may send any value as plain text or as
 * Base64, so both are included; otherwise it could evade a rule by choosing the other encoding.
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

/** Returns one regular expression, without anchors, for all accepted values. */
export function asRegex({ exact, regexes }: HeaderPattern): string {
  const all = [...exact.map((value) => literal(value, "bytes")), ...regexes];
  // A header never contains NUL, so this matches nothing.
  if (all.length === 0) return "\\x00";
  return all.length === 1 ? `${all[0]}` : `(?:${all.join("|")})`;
}

/** Escapes text for a regular expression. The result contains no quotes. */
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

/** Matches any text without a line break; nginx matches several headers joined by line breaks. */
const anything = "[^\\n]*";

function plainGlob(parts: readonly string[], alphabet: Alphabet, isEncoded: boolean): string {
  const [first = "", ...rest] = parts.map((part) => literal(part, alphabet));
  if (rest.every((part) => part === "") && first === "") return "[^\\n]+";
  if (first !== "" || !isEncoded) return [first, ...rest].join(anything);
  // A value that begins with = may be Base64, where plain characters must not match.
  return `(?:|[^=\\n]${anything})${rest.join(anything)}`;
}

/** True when the specification lets a header carry the text unencoded. */
function isPlain(text: string): boolean {
  return text !== "" && encodeHeaderValue(text) === text;
}

/** True when a client could send the text unencoded anyway, such as UTF-8 bytes beyond ASCII. */
function isRaw(text: string): boolean {
  if (/^=\?base64\?.*\?=$/s.test(text)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: headers can't contain these characters
  return !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);
}

/** Encodes a text as Base64, even if it could be sent as plain text. */
function sentinelOf(text: string): string {
  return `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

/** Returns a regular expression, without anchors, for dates like `2026-07-28` that are not earlier. */
export function dateFrom(date: string): string {
  const laterDates = [...date].flatMap((char, index) => {
    if (!/[0-8]/.test(char)) return [];
    const rest = date.slice(index + 1).replace(/\d/g, "[0-9]");
    return [`${date.slice(0, index)}[${Number(char) + 1}-9]${rest}`];
  });
  return `(?:${[...laterDates, date].join("|")})`;
}
