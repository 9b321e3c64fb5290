/** Bounds on JSON from a peer, which are checked before its text is decoded. */
import { invalidParams } from "./errors.ts";
import { isObject, maxJSONDepth } from "./json.ts";

/**
 * Default number of keys and values of one message. They cost more than bytes: a megabyte of empty
 * objects takes a hundred times as long to decode as a megabyte of text.
 */
export const defaultMaxValues = 100_000;

/** Maximum length of text beyond its bounds that is decoded nonetheless, for the id in it. */
const maxReadLength = 65_536;

/** Decoded JSON text. */
export interface DecodedJSON {
  /** Undefined for long text beyond its bounds, which is not decoded. */
  readonly value: unknown;
  /** The expectation that text beyond its bounds does not meet. */
  readonly excess: string | undefined;
}

/**
 * Decodes JSON text of at most `maxJSONDepth` levels and about `maxValues` keys and values.
 *
 * @param option The option that sets `maxValues`, for the message to its user
 * @throws {SyntaxError} for text that is not JSON
 */
export function decodeJSON(text: string, maxValues: number, option?: string): DecodedJSON {
  const excess = excessOf(text, maxValues, option);
  const isRead = excess === undefined || text.length <= maxReadLength;
  return { value: isRead ? JSON.parse(text) : undefined, excess };
}

/**
 * Measures a value whose text was decoded elsewhere. Its excess is that of the shortest text of the
 * value.
 */
export function measureJSON(value: unknown, maxValues: number): DecodedJSON {
  let values = 0;
  const excessBelow = (part: unknown, depth: number): string | undefined => {
    const parts = partsOf(part);
    if (parts === undefined) return undefined;
    if (depth === maxJSONDepth) return tooManyLevels;
    // An object has a key for each part, and empty brackets count as one value.
    values += Math.max(1, parts === part ? parts.length : 2 * parts.length);
    if (values > maxValues) return tooManyValues(maxValues);
    for (const one of parts) {
      const excess = excessBelow(one, depth + 1);
      if (excess !== undefined) return excess;
    }
    return undefined;
  };
  return { value, excess: excessBelow(value, 0) };
}

/** Returns the entries of a list or the values of an object, and undefined for other values. */
function partsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : undefined;
}

/**
 * Checks that decoded text is within its bounds.
 *
 * @throws {ProtocolError} `invalidParams` if it is not
 */
export function requireBounds({ excess }: DecodedJSON): void {
  if (excess !== undefined) throw invalidParams(`message: ${excess}`);
}

function excessOf(text: string, maxValues: number, option?: string): string | undefined {
  // Each level takes two characters, and each value one.
  if (text.length <= 2 * maxJSONDepth) return undefined;
  if (text.length <= maxValues && hasFewLevels(text)) return undefined;
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    // Most characters have no effect, and long text of them is read in one lookup for each.
    if (!hasEffect[char]) continue;
    if (char === quote) at = endOfString(text, at);
    depth += levels[char] as number;
    values += separators[char] as number;
    if (depth > maxJSONDepth) return tooManyLevels;
    if (values > maxValues) return tooManyValues(maxValues, option);
  }
  return undefined;
}

const tooManyLevels = `expected at most ${maxJSONDepth} levels of JSON`;

function tooManyValues(maxValues: number, option?: string): string {
  const where = option === undefined ? "" : ` (${option})`;
  return `expected at most ${maxValues} keys and values${where}`;
}

/** Returns true for text with so few brackets that its depth need not be counted. */
function hasFewLevels(text: string): boolean {
  const lists = countOf("[", text);
  // Without lists, each level takes five characters: `{"":` and `}`.
  if (lists === 0 && text.length <= 5 * maxJSONDepth) return true;
  return lists + countOf("{", text) <= maxJSONDepth;
}

/** Returns the number of brackets in a text, as far as it matters for `hasFewLevels`. */
function countOf(bracket: string, text: string): number {
  let count = 0;
  let at = text.indexOf(bracket);
  while (at >= 0 && count <= maxJSONDepth) {
    count += 1;
    at = text.indexOf(bracket, at + 1);
  }
  return count;
}

/** Returns the position of the quote that ends a string, or the end of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === backslash) start -= 1;
  return (at - start) % 2 === 1;
}

const quote = 0x22;
const backslash = 0x5c;

/** The change of the depth after each character. */
const levels = tableOf({ "[": 1, "{": 1, "]": -1, "}": -1 });

/** 1 for the characters before a key or a value. */
const separators = tableOf({ "[": 1, "{": 1, ",": 1, ":": 1 });

const hasEffect = tableOf({ '"': 1, "[": 1, "{": 1, "]": 1, "}": 1, ",": 1, ":": 1 });

function tableOf(entries: { readonly [char: string]: number }): Int8Array {
  const table = new Int8Array(128);
  for (const [char, value] of Object.entries(entries)) table[char.charCodeAt(0)] = value;
  return table;
}
