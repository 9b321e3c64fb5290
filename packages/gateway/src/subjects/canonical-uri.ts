/**
 * Canonical spellings of URIs, so that a rule covers every spelling that a server could take for the
 * same resource. They are only compared, and never sent: they may also unite URIs that a server
 * distinguishes, such as `a%2Fb` and `a/b`.
 */

import { parseURL } from "lutra/internal";

const parts = /^([a-z*][a-z0-9+.*-]*:)?(\/\/[^/?#]*)?([^?#]*)(.*)$/is;
/** Characters that URL parsers remove: some everywhere, controls and blanks at both ends. */
const ignored = /[\t\n\r]|^[\0-\x20]+|[\0-\x20]+$/g;

/**
 * Returns the canonical spellings of a URI: of the URI itself, and of the form that URL parsers give
 * it, which also unites hosts, ports and slashes.
 */
export function canonicalUris(uri: string): readonly string[] {
  const canonical = canonicalUri(uri);
  const url = parseURL(uri);
  const parsed = url === undefined ? canonical : canonicalUri(url.href);
  return parsed === canonical ? [canonical] : [canonical, parsed];
}

/**
 * Returns the canonical spelling of a URI, or of a pattern for URIs: percent-encoding decoded, scheme
 * and authority in lower case, and without dot segments, empty segments and `localhost`.
 *
 * @see RFC 3986, section 6.2.2
 */
export function canonicalUri(uri: string): string {
  const sent = decoded(uri.replace(ignored, ""));
  // A server may decode a URI before it parses it.
  const text = sent.replace(ignored, "").replaceAll("\\", "/").normalize("NFC");
  const [, scheme = "", authority = "", path = "", rest = ""] = parts.exec(text) ?? [];
  return schemeAndHost(scheme.toLowerCase(), authority.toLowerCase()) + withoutDots(path) + rest;
}

/** Returns a canonical URI without its query, its fragment and a slash at its end. */
export function withoutQuery(canonical: string): string {
  return canonical.replace(/[?#].*$/s, "").replace(/(?<=[^/:])\/$/, "");
}

/**
 * Leaves out the user, which does not change the resource that most servers look up. A `file` URI with
 * no host, an empty one or `localhost` names a file of the server.
 */
function schemeAndHost(scheme: string, authority: string): string {
  const host = authority.replace(/^\/\/.*@/s, "//");
  const isLocal = scheme === "file:" && (host === "" || host === "//localhost");
  return scheme + (isLocal ? "//" : host);
}

/** Replaces bytes that are not UTF-8 with U+FFFD, as lenient servers do. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes the percent-encoding. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) =>
    decoder.decode(Buffer.from(encoded.replaceAll("%", ""), "hex")),
  );
}

/** Removes the segments `.` and `..`, and repeated slashes. */
function withoutDots(path: string): string {
  if (!path.includes("/")) return path;
  const kept: string[] = [];
  const root = path.startsWith("/") ? 1 : 0;
  for (const segment of path.split("/")) {
    if (segment === "..") kept.length = Math.max(root, kept.length - 1);
    else if (segment !== "." && (segment !== "" || kept.length < root)) kept.push(segment);
  }
  const isOpen = /\/\.{0,2}$/.test(path);
  return kept.join("/") + (isOpen && kept.length > 0 ? "/" : "");
}
