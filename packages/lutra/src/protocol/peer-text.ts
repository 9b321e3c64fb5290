/** Text of a peer as messages show it. A peer may repeat what it was sent, so secrets are removed. */

/** Maximum number of characters of a peer that a message shows. */
const maxQuotedLength = 200;
/** Maximum number of characters that are searched for signed tokens. */
const maxSearchedLength = 2048;
/** Length below which a value does not count as secret, because it may be part of a word. */
const minSecretLength = 6;

/** The text in place of a secret. */
const mask = "***";

/** A JSON Web Token, or its beginning. */
const signedToken = /eyJ[\w-]+\.[\w.-]*/g;

/**
 * Returns text of a peer as messages show it: printable, on one line, short and without secrets.
 *
 * @param secrets Values that the peer knows and no message may contain. Signed tokens are always removed
 */
export function quoted(
  text: string | undefined,
  secrets: readonly (string | undefined)[] = [],
): string {
  if (text === undefined || text === "") return "";
  const shown = withoutSecrets(text, secrets).slice(0, maxSearchedLength);
  const line = shown.replace(signedToken, mask).replace(/[^\x20-\x7e]+/g, " ");
  return line.length > maxQuotedLength ? `${line.slice(0, maxQuotedLength)}…` : line;
}

/**
 * Returns a value of a peer as text, or the name of its type if it is not a string. `String` throws for
 * objects whose `toString` the peer has replaced.
 */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

/** Returns text with a mask in place of each secret, also where it is encoded. */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  const known = secrets.filter((one): one is string => (one?.length ?? 0) >= minSecretLength);
  // The longest first, since one may contain another.
  const forms = known.flatMap(formsOf).sort((one, other) => other.length - one.length);
  return forms.reduce((rest, form) => rest.replaceAll(form, mask), text);
}

/** Returns a secret as it is, and as it is written in URLs, in forms, and in strings of JSON. */
function formsOf(secret: string): readonly string[] {
  const inURL = encodeURIComponent(secret);
  const inForm = new URLSearchParams([["", secret]]).toString().slice(1);
  const inJSON = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, inURL, inForm, inJSON, inJSON.replaceAll("/", "\\/")];
  return [...new Set([...forms, ...[inURL, inForm].map(withLowerHex)])];
}

/** Returns a text with its escapes in lower case. Either case is valid. */
function withLowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
}
