/**
 * The names and URIs that the gateway has seen in the lists of its upstreams. The table only routes
 * requests and translates names. It is never sent to a client, so entries that one caller sees can
 * serve all callers: the upstream decides what each caller may use.
 */
import { BoundedMap } from "lutra/internal";
import type { CacheScope, ListChanged } from "lutra/protocol";
import { type ListName, listKinds, listNames } from "../subjects/list-kinds.ts";
import type { UriForms } from "../subjects/uri-forms.ts";
import { type Attribution, createAttribution } from "./attribution.ts";
import { createNameTable, type NameTable, type PrefixRule, type UpstreamNames } from "./names.ts";

export interface RoutingTableOptions {
  readonly upstreams: readonly string[];
  readonly prefix: PrefixRule;
  readonly forms: UriForms;
  readonly now: () => number;
}

/** The known entries of one list of one upstream. */
interface KnownList {
  /** The time at which each key was last seen, in milliseconds. */
  readonly keys: BoundedMap<string, number>;
  /** True if the list was read after its last change. */
  isCurrent: boolean;
  /** True if the list was ever read. */
  isKnown: boolean;
}

/** Time for which a key of a private list is kept after it was last seen, in milliseconds. */
const keepMs = 3_600_000;
/** Maximum number of keys that are kept for one list of one upstream. */
const maxKeys = 10_000;

export class RoutingTable {
  readonly #options: RoutingTableOptions;
  readonly #known: { readonly [List in ListName]: Map<string, KnownList> };
  readonly #names: { tools?: NameTable | undefined; prompts?: NameTable | undefined } = {};
  #uris: Attribution | undefined;

  constructor(options: RoutingTableOptions) {
    this.#options = options;
    const knownList = (name: string): [string, KnownList] => {
      const keys = new BoundedMap<string, number>({ maxEntries: maxKeys });
      return [name, { keys, isCurrent: false, isKnown: false }];
    };
    const forUpstreams = () => new Map(options.upstreams.map(knownList));
    this.#known = {
      tools: forUpstreams(),
      prompts: forUpstreams(),
      resources: forUpstreams(),
      resourceTemplates: forUpstreams(),
    };
  }

  /**
   * Adds a list of an upstream. A public list replaces the known keys. A private list adds to the keys
   * that other callers have seen, so that names do not alternate between callers.
   */
  update(
    list: ListName,
    { upstream, keys, scope }: { upstream: string; keys: readonly string[]; scope: CacheScope },
  ): void {
    const known = this.#known[list].get(upstream) as KnownList;
    known.isCurrent = true;
    known.isKnown = true;
    const now = this.#options.now();
    const current = new Set(keys.slice(0, maxKeys));
    let hasChanged = false;
    for (const key of current) {
      hasChanged ||= !known.keys.has(key);
      known.keys.set(key, now);
    }
    for (const [key, seenAt] of known.keys) {
      const isOutdated = scope === "public" || now - seenAt >= keepMs;
      if (!current.has(key) && isOutdated) {
        known.keys.delete(key);
        hasChanged = true;
      }
    }
    if (hasChanged) this.#dropCompiled(list);
  }

  /** Marks lists of an upstream as outdated. Their keys stay in use until the lists are read again. */
  outdate(upstream: string, change?: ListChanged): void {
    for (const list of listNames) {
      if (change !== undefined && listKinds[list].changedBy !== change) continue;
      const known = this.#known[list].get(upstream);
      if (known !== undefined) known.isCurrent = false;
    }
  }

  /** Returns true if all upstreams' lists were read after their last change. */
  isCurrent(lists: readonly ListName[]): boolean {
    return lists.every((list) =>
      [...this.#known[list].values()].every(({ isCurrent }) => isCurrent),
    );
  }

  /** Returns the names of the upstreams for which at least one of the lists was never read. */
  unknownUpstreams(lists: readonly ListName[]): readonly string[] {
    const isUnknown = (name: string) =>
      lists.some((list) => this.#known[list].get(name)?.isKnown === false);
    return this.#options.upstreams.filter(isUnknown);
  }

  /** Returns the names of the tools or prompts. */
  names(list: "tools" | "prompts"): NameTable {
    this.#names[list] ??= createNameTable(this.#keysOf(list), this.#options.prefix);
    return this.#names[list];
  }

  /** The URIs of the resources and templates. */
  get uris(): Attribution {
    this.#uris ??= createAttribution(
      {
        resources: this.#keysOf("resources"),
        resourceTemplates: this.#keysOf("resourceTemplates"),
      },
      this.#options.forms,
    );
    return this.#uris;
  }

  #keysOf(list: ListName): readonly UpstreamNames[] {
    return [...this.#known[list]].map(([upstream, { keys }]) => ({
      upstream,
      names: keys.keys(),
    }));
  }

  #dropCompiled(list: ListName): void {
    if (list === "tools" || list === "prompts") this.#names[list] = undefined;
    else this.#uris = undefined;
  }
}
