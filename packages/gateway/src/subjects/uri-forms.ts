/**
 * URIs that carry their upstream: `files+file:///a` for `file:///a` of the upstream `files`, and
 * `ui://files/board` for its `ui://board`, because hosts recognise user interfaces by the scheme.
 */

export interface UriForms {
  /** Returns the form of a URI or a template that carries its upstream. */
  readonly carry: (upstream: string, uri: string) => string;
  /** Parses that form. Returns undefined for any other URI. */
  readonly read: (uri: string) => CarriedUri | undefined;
}

export interface CarriedUri {
  readonly upstream: string;
  readonly uri: string;
}

/** The scheme of user interfaces, which stays at the front. */
const uiScheme = "ui://";

/**
 * Returns true for a URI of a user interface. Such a URI is unique only on its server, so its form
 * for clients always carries the upstream.
 */
export function isUiUri(uri: string): boolean {
  return uri.startsWith(uiScheme);
}

/** Creates the forms for these upstreams. URIs with other names are not parsed. */
export function createUriForms(upstreams: readonly string[]): UriForms {
  const byLabel = new Map(upstreams.map((upstream) => [labelOf(upstream), upstream]));

  function read(uri: string): CarriedUri | undefined {
    if (isUiUri(uri)) {
      const slash = uri.indexOf("/", uiScheme.length);
      if (slash < 0) return undefined;
      const upstream = byLabel.get(uri.slice(uiScheme.length, slash).toLowerCase());
      return upstream === undefined
        ? undefined
        : { upstream, uri: uiScheme + uri.slice(slash + 1) };
    }
    const plus = uri.indexOf("+");
    // Clients may normalise a scheme to lower case.
    const upstream = plus < 0 ? undefined : byLabel.get(uri.slice(0, plus).toLowerCase());
    const rest = uri.slice(plus + 1);
    // A user interface has the other form only, so that each URI has exactly one.
    return upstream === undefined || isUiUri(rest) ? undefined : { upstream, uri: rest };
  }

  return { carry: carryUri, read };
}

/** Returns the form of a URI or a template that carries its upstream. */
export function carryUri(upstream: string, uri: string): string {
  const label = labelOf(upstream);
  if (isUiUri(uri)) return `${uiScheme}${label}/${uri.slice(uiScheme.length)}`;
  return `${label}+${uri}`;
}

/**
 * Encodes the name of an upstream in the characters of a scheme: lower-case letters, digits, `-` and
 * `.`, beginning with a letter. A dot escapes capitals and `_`, so it is followed by a letter or a dot.
 * A name that does not begin with a letter gets the prefix `x.-`, which is therefore unique.
 */
function labelOf(upstream: string): string {
  const escaped = upstream.replace(/[A-Z_]/g, (char) =>
    char === "_" ? ".." : `.${char.toLowerCase()}`,
  );
  return /^[a-z]/.test(escaped) ? escaped : `x.-${escaped}`;
}
