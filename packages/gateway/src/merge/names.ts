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
import type { ListedKeys } from "./listed-keys.ts";

/** The origin of a name: an upstream, and the name that it uses. */
export interface Origin {
  readonly upstream: string;
  readonly name: string;
}

/** The names that get the prefix of their upstream: only those that collide, or all. */
export type PrefixRule = "collision" | "always";

/**
 * Translates names. Looks each name up in the lists, because there are as many tables as callers
 * with different lists.
 */
export class NameTable {
  readonly #lists: ReadonlyMap<string, ListedKeys>;
  readonly #rule: PrefixRule;

  constructor(lists: readonly ListedKeys[], rule: PrefixRule) {
    this.#lists = new Map(lists.map((list) => [list.upstream, list]));
    this.#rule = rule;
  }

  /** Returns the client's name for an upstream's name, or undefined if that is not known. */
  shown(upstream: string, name: string): string | undefined {
    if (this.#lists.get(upstream)?.has(name) !== true) return undefined;
    return this.#hasPrefix(name) ? prefixedName(upstream, name) : name;
  }

  /** Returns the upstream's name for a client's name, or undefined if that is not known. */
  origin(shown: string): Origin | undefined {
    const prefixed = this.#prefixed(shown);
    if (prefixed !== undefined) return prefixed;
    if (this.#rule === "always") return undefined;
    const [upstream, ...others] = this.#owners(shown);
    return upstream === undefined || others.length > 0 ? undefined : { upstream, name: shown };
  }

  /** Returns true if a listed name is shown with the prefix of its upstream. */
  #hasPrefix(name: string): boolean {
    if (this.#rule === "always" || this.#owners(name).length > 1) return true;
    return this.#prefixed(name) !== undefined;
  }

  /** Returns the entry that is shown by this name with a prefix. */
  #prefixed(shown: string): Origin | undefined {
    const found = this.#unprefixed(shown);
    return found !== undefined && this.#hasPrefix(found.name) ? found : undefined;
  }

  /** Returns the entry that would have this name if it were shown with a prefix. */
  #unprefixed(shown: string): Origin | undefined {
    const dot = shown.indexOf(".");
    if (dot === -1) return undefined;
    const upstream = shown.slice(0, dot);
    const list = this.#lists.get(upstream);
    if (list === undefined) return undefined;
    const rest = shown.slice(dot + 1);
    const name = list.has(rest) ? rest : list.shortened.get(shown);
    if (name === undefined || prefixedName(upstream, name) !== shown) return undefined;
    return { upstream, name };
  }

  #owners(name: string): readonly string[] {
    const owners: string[] = [];
    for (const [upstream, list] of this.#lists) if (list.has(name)) owners.push(upstream);
    return owners;
  }
}
