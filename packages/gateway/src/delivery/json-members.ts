/**
 * Finds the members of a JSON object in its text, so that one of them can be read or replaced without
 * parsing the others. In UTF-8 that is read as Latin-1, the places are those of bytes.
 */
import { maxJSONDepth } from "lutra/internal";

/** The place of a value in a text. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** An object in a text. */
export interface FoundObject {
  /** The places of the values. */
  readonly members: ReadonlyMap<string, Place>;
  /** The place behind the object. */
  readonly end: number;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Returns the object that is the whole text, except for white space; undefined if there is none. Values
 * inside of its members are not validated, so invalid JSON may have members.
 */
export function findObject(text: string): FoundObject | undefined {
  const found = membersAt(text, skipSpace(text, 0));
  return found !== undefined && skipSpace(text, found.end) === text.length ? found : undefined;
}

/**
 * Returns the object that begins at `start`. Returns undefined if there is none, and for an object that
 * repeats a name: parsers differ in the value that they take.
 */
export function membersAt(text: string, start: number): FoundObject | undefined {
  if (text.charCodeAt(start) !== openBrace) return undefined;
  const members = new Map<string, Place>();
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === closeBrace) return { members, end: at + 1 };
  for (;;) {
    const nameEnd = stringEnd(text, at);
    const name = nameIn(text, { start: at, end: nameEnd });
    const separator = skipSpace(text, nameEnd);
    if (name === undefined || members.has(name)) return undefined;
    if (text.charCodeAt(separator) !== colon) return undefined;
    const value = valueAt(text, skipSpace(text, separator + 1));
    if (value === undefined) return undefined;
    members.set(name, value);
    at = skipSpace(text, value.end);
    const code = text.charCodeAt(at);
    if (code === closeBrace) return { members, end: at + 1 };
    if (code !== comma) return undefined;
    at = skipSpace(text, at + 1);
  }
}

/** Returns the name in a text, with its escapes decoded. */
function nameIn(text: string, { start, end }: Place): string | undefined {
  if (end === 0) return undefined;
  const name = text.slice(start + 1, end - 1);
  if (!name.includes("\\")) return name;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    return undefined;
  }
}

function valueAt(text: string, start: number): Place | undefined {
  const code = text.charCodeAt(start);
  let end: number;
  if (code === quote) end = stringEnd(text, start);
  else if (code === openBrace || code === openBracket) end = containerEnd(text, start);
  else end = primitiveEnd(text, start);
  return end > start ? { start, end } : undefined;
}

/** Returns the place behind a string, or 0 if there is none. */
function stringEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== quote) return 0;
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
}

/**
 * Returns the place behind an object or array, or 0 if it does not end, or if an object that contains it
 * has more levels than are parsed.
 */
function containerEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(text, at) - 1;
      if (at < 0) return 0;
      continue;
    }
    const levels = levelsOf(code);
    if (levels === 0) continue;
    depth += levels;
    if (depth === 0) return at + 1;
    if (depth === maxJSONDepth) return 0;
  }
  return 0;
}

/** Returns 1 for a bracket or brace that opens, -1 for one that closes, and 0 for others. */
function levelsOf(code: number): number {
  if (code === openBrace || code === openBracket) return 1;
  return code === closeBrace || code === closeBracket ? -1 : 0;
}

function primitiveEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && !endsPrimitive(text.charCodeAt(end))) end += 1;
  return end;
}

function endsPrimitive(code: number): boolean {
  return code === comma || code === closeBrace || code === closeBracket || isSpace(code);
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Returns true for the white space of JSON. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
