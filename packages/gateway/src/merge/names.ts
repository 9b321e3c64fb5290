/**
 * The names that tools and prompts of several upstreams have on one server.
 *
 * A name that one upstream alone has stays as it is. One that several have becomes
 * `upstream.name` for all of them, so that no upstream owes its name to its place in the
 * configuration. Where that is a name itself, its owner gets a prefix too, and so on. Names of
 * upstreams have no dot, so no two prefixed names are equal, and an upstream whose names are its own
 * changes none of the others.
 *
 * One whose names collide does change them: from then on the plain name is refused, since nobody
 * could say which of the upstreams it means. Clients hear of it by the list change of the upstream.
 * Routes that prefix always have names that no other upstream can change.
 *
 * @spec server/tools#tool-names
 */
import { createHash } from "node:crypto";

/** The names that one upstream has. */
export interface UpstreamNames {
  readonly upstream: string;
  readonly names: Iterable<string>;
}

/** A name where it comes from. */
export interface Origin {
  readonly upstream: string;
  readonly name: string;
}

export interface NameTable {
  /** How an upstream's name is shown; absent for one that is not known. */
  readonly shown: (upstream: string, name: string) => string | undefined;
  readonly origin: (shown: string) => Origin | undefined;
}

export type PrefixRule = "collision" | "always";

/** @spec server/tools#tool-names */
const maxLength = 128;
const digestLength = 16;

/** Decides how each name is shown, whatever the order of upstreams and names. */
export function createNameTable(lists: readonly UpstreamNames[], rule: PrefixRule): NameTable {
  const plain = new Map<string, Origin>();
  const prefixed: Origin[] = [];
  for (const [name, [first, ...others]] of groupByName(lists)) {
    if (others.length === 0 && rule === "collision") plain.set(name, first);
    else prefixed.push(first, ...others);
  }
  const origins = new Map<string, Origin>();
  // The array grows while it is read: a plain name that gets in the way is prefixed in its turn.
  for (const origin of prefixed) {
    const shown = prefixName(origin);
    const inTheWay = plain.get(shown);
    if (inTheWay !== undefined) {
      plain.delete(shown);
      prefixed.push(inTheWay);
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

/** A name that the prefix alone makes too long ends in a digest in place of its last characters. */
function prefixName({ upstream, name }: Origin): string {
  const full = `${upstream}.${name}`;
  if (full.length <= maxLength || name.length > maxLength) return full;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, digestLength);
  return `${full.slice(0, maxLength - digestLength - 1)}-${digest}`;
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
