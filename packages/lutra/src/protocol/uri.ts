/**
 * URIs (RFC 3986) and IRIs (RFC 3987), which also contain letters beyond ASCII: their syntax, and the
 * normal form in which two spellings of one URI name the same resource.
 *
 * @spec server/resources#custom-uri-schemes, server/resources#security-considerations, server/resources#resource-templates
 */

const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/;
/** Controls, invisible characters and blanks, and the visible ASCII that RFC 3986 excludes. */
const excluded = /[\p{C}\p{Z}"<>\\^`{|}]/u;
const badEncoding = /%(?![0-9A-Fa-f]{2})/;

/**
 * Returns true for text with a scheme and without characters that must be percent-encoded. Letters
 * beyond ASCII are accepted, because clients send them.
 */
export function isURI(text: string): boolean {
  return scheme.test(text) && !excluded.test(text) && !badEncoding.test(text);
}

/** Longer URIs are compared as they are, which bounds the work for a URI that a client sends. */
export const maxURILength = 8192;

/** Characters that a URI can't contain. A lone surrogate has no encoding and stays. */
const disallowed = /[^!#-;=?-Z[\]_a-z~\p{Cs}]+/gu;

/**
 * Returns the normal form of a URI or of the literal text of a template: characters outside of
 * ASCII percent-encoded, unreserved characters decoded, percent-encodings in upper case, and the
 * scheme in lower case.
 *
 * The host and dot segments stay as they are. A client may use the place of the host for a name of
 * its own (`note://Zürich`), and a path that `..` leaves is refused and not resolved.
 *
 * @see RFC 3986, section 6.2.2, and RFC 6570, section 3.1
 */
export function normalURI(uri: string): string {
  if (uri.length > maxURILength) return uri;
  return uri
    .replace(scheme, (found) => found.toLowerCase())
    .replace(disallowed, encodeURIComponent)
    .replace(/%[\da-f]{2}/gi, (encoded) => {
      const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
      return /[\w.~-]/.test(char) ? char : encoded.toUpperCase();
    });
}
