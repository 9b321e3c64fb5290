/**
 * The names of the tools and prompts of several upstreams on one server.
 *
 * A name that exactly one upstream uses stays unchanged. A name that several upstreams use becomes
 * `upstream.name` for all of them, so that names do not depend on the order of the configuration.
 * If a prefixed name equals the plain name of another entry, that entry gets a prefix, too, and so
 * on. Names of upstreams contain no dot, so two prefixed names are never equal.
 *
 * An upstream that adds a colliding name changes the names of other upstreams: the plain name
 * becomes ambiguous and is refused. Clients are notified by the list change of that upstream. With
 * the rule `always`, no upstream can change the names of another.
 *
 * @spec server/tools#tool-names
 */
import { prefixedName } from "../subjects/prefixed-name.ts";

/** The names of one upstream. */
export interface UpstreamNames {
  readonly upstream: string;
  readonly names: Iterable<string>;
}

/** The origin of a name: an upstream, and the name that it uses. */
export interface Origin {
  readonly upstream: string;
  readonly name: string;
}

export interface NameTable {
  /** Returns the client's name for an upstream's name, or undefined if that is not known. */
  readonly shown: (upstream: string, name: string) => string | undefined;
  /** Returns the upstream's name for a client's name, or undefined if that is not known. */
  readonly origin: (shown: string) => Origin | undefined;
}

/** The names that get the prefix of their upstream: only those that collide, or all. */
export type PrefixRule = "collision" | "always";

/** Creates the table of names. It does not depend on the order of upstreams and names. */
export function createNameTable(lists: readonly UpstreamNames[], rule: PrefixRule): NameTable {
  const plain = new Map<string, Origin>();
  const prefixed: Origin[] = [];
  for (const [name, [first, ...others]] of groupByName(lists)) {
    if (others.length === 0 && rule === "collision") plain.set(name, first);
    else prefixed.push(first, ...others);
  }
  const origins = new Map<string, Origin>();
  // The array grows during the loop: a plain name that equals a prefixed one is added to it.
  for (const origin of prefixed) {
    const shown = prefixedName(origin.upstream, origin.name);
    const colliding = plain.get(shown);
    if (colliding !== undefined) {
      plain.delete(shown);
      prefixed.push(colliding);
    }
    if (!origins.has(shown)) origins.set(shown, origin);
  }
  for (const [name, origin] of plain) origins.set(name, origin);
  return compile(origins);
}

function groupByName(lists: readonly UpstreamNames[]): Map<string, [Origin, ...Origin[]]> {
  const byName = new Map<string, [Origin, ...Origin[]]>();
  for (const { upstream, names } of lists) {
    for (const name of new Set(names)) {
      const origin = { upstream, name };
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [origin]);
      else same.push(origin);
    }
  }
  return byName;
}

function compile(origins: ReadonlyMap<string, Origin>): NameTable {
  const byUpstream = new Map<string, Map<string, string>>();
  for (const [shown, { upstream, name }] of origins) {
    const names = byUpstream.get(upstream) ?? new Map<string, string>();
    byUpstream.set(upstream, names.set(name, shown));
  }
  return {
    shown: (upstream, name) => byUpstream.get(upstream)?.get(name),
    origin: (shown) => origins.get(shown),
  };
}
