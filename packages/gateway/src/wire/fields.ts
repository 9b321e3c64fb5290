/**
 * The fields of a message head or of trailers.
 *
 * @see RFC 9112, section 5
 */
import { errors } from "undici";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const illegalInValue = /[^\t\x20-\x7e\x80-\xff]/;
const tab = 0x09;
const space = 0x20;

/** Maximum number of texts whose values are remembered. */
const maxNames = 512;
/** Maximum number of characters of such a text. */
const maxNameLength = 64;

/**
 * Returns a function with the same results, which remembers them, because replicas send the same names
 * and values repeatedly. Undefined is not remembered.
 */
export function remembered<T>(
  compute: (text: string) => T | undefined,
): (text: string) => T | undefined {
  const values = new Map<string, T>();
  return (text) => {
    const known = values.get(text);
    if (known !== undefined) return known;
    const value = compute(text);
    if (value === undefined || values.size >= maxNames || text.length > maxNameLength) return value;
    // A part of a text would keep all of it alive, and so would a value that is a part of it.
    const own = Buffer.from(text, "latin1").toString("latin1");
    const kept = compute(own) ?? value;
    values.set(own, kept);
    return kept;
  };
}

/** Returns a valid name in lower case, and undefined for any other text. */
export const lowerCaseName: (name: string) => string | undefined = remembered((name) =>
  token.test(name) ? name.toLowerCase() : undefined,
);

/** Returns true if a value contains no control characters, and only characters of Latin-1. */
export function isFieldValue(value: string): boolean {
  return !illegalInValue.test(value);
}

/** Returns the error for bytes that are not HTTP/1.1. */
export function malformedResponse(what: string): Error {
  return new errors.HTTPParserError(`Response does not match the HTTP/1.1 protocol (${what})`);
}

/** The fields of a head or of trailers, in order. */
export interface Fields {
  /** Names and values in turn, as they were received. */
  readonly raw: string[];
  /** The names in lower case. */
  readonly names: string[];
}

/**
 * Reads the fields of a text in Latin-1, from `start` to the end. Each line must end with CRLF.
 *
 * @throws {errors.HTTPParserError} for a line that is not a valid field, such as a folded one
 */
export function readFields(text: string, start: number): Fields {
  const raw: string[] = [];
  const names: string[] = [];
  for (let at = start; at < text.length; ) {
    const colon = text.indexOf(":", at);
    const end = text.indexOf("\r\n", at);
    if (end < 0 || colon < 0 || colon > end) throw malformedResponse("a field without a colon");
    const name = text.slice(at, colon);
    const lower = lowerCaseName(name);
    if (lower === undefined) throw malformedResponse("an invalid field name");
    const value = trimmed(text, colon + 1, end);
    if (!isFieldValue(value)) throw malformedResponse("an invalid field value");
    raw.push(name, value);
    names.push(lower);
    at = end + 2;
  }
  return { raw, names };
}

/** Returns a part of the text without the spaces and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
