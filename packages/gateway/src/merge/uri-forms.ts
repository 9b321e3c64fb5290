/**
 * URIs that carry the upstream they belong to: `files+file:///a` for `file:///a` of the upstream
 * `files`, and `ui://files/board` for its `ui://board`, since hosts look for that scheme.
 */

export interface UriForms {
  /** The URI in the form that carries its upstream. Templates have the same form. */
  readonly carry: (upstream: string, uri: string) => string;
  /** Reads that form; absent for any other URI. */
  readonly read: (uri: string) => CarriedUri | undefined;
}

export interface CarriedUri {
  readonly upstream: string;
  readonly uri: string;
}

/** The scheme of user interfaces, which keeps its place at the front. */
const uiScheme = "ui://";

/** True for URIs that are unique only on their own server, so that they always carry it. */
export function isUiUri(uri: string): boolean {
  return uri.startsWith(uiScheme);
}

/** Makes the forms for upstreams; other names are never read. */
export function createUriForms(upstreams: readonly string[]): UriForms {
  const labels = new Map(upstreams.map((upstream) => [upstream, labelOf(upstream)]));
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
    // Readers of URIs may write a scheme in lower case.
    const upstream = plus < 0 ? undefined : byLabel.get(uri.slice(0, plus).toLowerCase());
    const rest = uri.slice(plus + 1);
    // Each URI has one form: this is not how a user interface is carried.
    return upstream === undefined || isUiUri(rest) ? undefined : { upstream, uri: rest };
  }

  return {
    carry: (upstream, uri) => {
      const label = labels.get(upstream) as string;
      if (isUiUri(uri)) return `${uiScheme}${label}/${uri.slice(uiScheme.length)}`;
      return `${label}+${uri}`;
    },
    read,
  };
}

/**
 * Writes an upstream's name in what a scheme may consist of: lower-case letters, digits, `-` and
 * `.`, with a letter at the front. Capitals and `_` are escaped by a dot; what does not begin with a
 * letter gets a beginning that no escape has.
 */
function labelOf(upstream: string): string {
  const escaped = upstream.replace(/[A-Z_]/g, (char) =>
    char === "_" ? ".." : `.${char.toLowerCase()}`,
  );
  return /^[a-z]/.test(escaped) ? escaped : `x.-${escaped}`;
}
