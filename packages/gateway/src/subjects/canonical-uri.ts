/**
 * Canonical spellings of URIs, so that a rule covers every spelling that a server could take for the
 * same resource. They are only compared, and never sent: they may also unite URIs that a server
 * distinguishes, such as `a%2Fb` and `a/b`.
 */

const parts = /^([a-z*][a-z0-9+.*-]*:)?(\/\/[^/?#]*)?([^?#]*)(.*)$/is;
/** Characters that URL parsers remove. */
const ignored = /[\t\n\r]/g;

/**
 * Returns the canonical spelling of a URI, or of a pattern for URIs: percent-encoding decoded, scheme
 * and authority in lower case, and without dot segments, empty segments and `localhost`.
 *
 * @see RFC 3986, section 6.2.2
 */
export function canonicalUri(uri: string): string {
  const text = decoded(uri.replace(ignored, "").trim()).replaceAll("\\", "/").normalize("NFC");
  const [, scheme = "", authority = "", path = "", rest = ""] = parts.exec(text) ?? [];
  return schemeAndHost(scheme.toLowerCase(), authority.toLowerCase()) + withoutDots(path) + rest;
}

/** Returns a canonical URI without its query, its fragment and a slash at its end. */
export function withoutQuery(canonical: string): string {
  return canonical.replace(/[?#].*$/s, "").replace(/(?<=[^/:])\/$/, "");
}

/** A `file` URI with no host, an empty one or `localhost` names a file of the server. */
function schemeAndHost(scheme: string, authority: string): string {
  const isLocal = scheme === "file:" && (authority === "" || authority === "//localhost");
  return scheme + (isLocal ? "//" : authority);
}

/** Decodes the percent-encoding, except for bytes that are not UTF-8. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded.toLowerCase();
    }
  });
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
