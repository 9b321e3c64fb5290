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

/** Maximum number of names that are remembered. */
const maxNames = 512;
const lowerCased = new Map<string, string>();

/** Returns a valid name in lower case, and undefined for any other text. */
export function lowerCaseName(name: string): string | undefined {
  const known = lowerCased.get(name);
  if (known !== undefined) return known;
  if (!token.test(name)) return undefined;
  const lower = name.toLowerCase();
  if (lowerCased.size < maxNames && name.length <= 64) lowerCased.set(copyOf(name), copyOf(lower));
  return lower;
}

/** Returns a copy that does not keep the text alive of which the name is a part. */
function copyOf(name: string): string {
  return Buffer.from(name, "latin1").toString("latin1");
}

/** Returns true if a value contains no control characters, and only characters of Latin-1. */
export function isFieldValue(value: string): boolean {
  return !illegalInValue.test(value);
}

/** Returns the error for bytes that are not HTTP/1.1. */
export function malformedResponse(what: string): Error {
  return new errors.HTTPParserError(`Response does not match the HTTP/1.1 protocol (${what})`);
}

/**
 * Calls back with each field of a text in Latin-1, from `start` to the end. Each line must end with CRLF.
 *
 * @throws {errors.HTTPParserError} for a line that is not a valid field, such as a folded one
 */
export function readFields(
  text: string,
  start: number,
  onField: (name: string, value: string, lower: string) => void,
): void {
  for (let at = start; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (end < 0 || colon < 0 || colon > end) throw malformedResponse("a field without a colon");
    const name = text.slice(at, colon);
    const lower = lowerCaseName(name);
    if (lower === undefined) throw malformedResponse("an invalid field name");
    const value = trimmed(text, colon + 1, end);
    if (!isFieldValue(value)) throw malformedResponse("an invalid field value");
    onField(name, value, lower);
    at = end + 2;
  }
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
