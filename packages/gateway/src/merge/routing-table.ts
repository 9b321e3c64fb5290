/**
 * The names and URIs that the gateway has seen in the lists of its upstreams.
 *
 * Public lists are the same for all callers. A private list decides only for the caller who received it,
 * so an upstream that shows an entry to one caller changes nothing for others.
 */
import { BoundedMap } from "lutra/internal";
import type { CacheScope, ListChanged } from "lutra/protocol";
import { type ListName, listKinds, listNames } from "../subjects/list-kinds.ts";
import type { UriForms } from "../subjects/uri-forms.ts";
import { Attribution } from "./attribution.ts";
import { ListedKeys } from "./listed-keys.ts";
import { NameTable, type PrefixRule } from "./names.ts";

export interface RoutingTableOptions {
  readonly upstreams: readonly string[];
  readonly prefix: PrefixRule;
  readonly forms: UriForms;
}

/** One list of one upstream, as it was last read. */
interface KnownList {
  readonly listed: ListedKeys;
  /** The number of changes of the list before it was read. */
  readonly changes: number;
  /** The number of keys, or 1 if another caller has the same list. */
  readonly weight: number;
}

/** Known lists by list and upstream. */
type KnownLists = ReadonlyMap<string, KnownList>;

/** A list of an upstream that a caller received. */
export interface ReceivedList {
  readonly upstream: string;
  readonly keys: readonly string[];
  readonly scope: CacheScope;
  /** The key of the caller's authorization context. */
  readonly caller: string;
}

/** Maximum number of callers whose private lists are kept. */
const maxCallers = 10_000;
/** Maximum number of keys in the private lists of all callers. */
const maxPrivateKeys = 1_000_000;
/** Number of different lists of an upstream that are kept to be shared by callers. */
const maxShared = 4;
/** Maximum number of keys of one list of one upstream; `collect` reports longer lists. */
export const maxKeys = 10_000;

export class RoutingTable {
  readonly #options: RoutingTableOptions;
  #public: KnownLists = new Map();
  readonly #private = new BoundedMap<string, KnownLists>({
    maxEntries: maxCallers,
    maxWeight: maxPrivateKeys,
    weightOf: (lists) => [...lists.values()].reduce((sum, { weight }) => sum + weight, 0),
  });
  /** The number of changes of each list, by list and upstream. */
  readonly #changes = new Map<string, number>();
  /** The last different lists, by list and upstream. */
  readonly #shared = new Map<string, readonly ListedKeys[]>();
  /** The views by caller, and the one of all callers without private lists. */
  readonly #views = new BoundedMap<string, RoutingView>({ maxEntries: 1000 });

  constructor(options: RoutingTableOptions) {
    this.#options = options;
  }

  /** Adds a list of an upstream. It replaces the list that the caller, or all callers, had. */
  update(list: ListName, { upstream, keys, scope, caller }: ReceivedList): void {
    const place = placeOf(list, upstream);
    const { listed, weight } = this.#share(place, upstream, keys);
    const known = { listed, weight, changes: this.#changes.get(place) ?? 0 };
    const own = new Map(this.#private.get(caller));
    if (scope === "private") own.set(place, known);
    else {
      if (this.#public.get(place)?.listed !== listed) this.#views.clear();
      this.#public = new Map(this.#public).set(place, known);
      if (!own.delete(place)) return;
    }
    this.#private.set(caller, own);
    this.#views.delete(caller);
  }

  /** Marks lists of an upstream as outdated. They stay in use until they are read again. */
  outdate(upstream: string, change?: ListChanged): void {
    for (const list of listNames) {
      if (change !== undefined && listKinds[list].changedBy !== change) continue;
      const place = placeOf(list, upstream);
      this.#changes.set(place, (this.#changes.get(place) ?? 0) + 1);
    }
  }

  /** Returns the names and URIs as a caller knows them. */
  of(caller: string): RoutingView {
    const own = this.#private.get(caller);
    const key = own === undefined ? "" : caller;
    let view = this.#views.get(key);
    if (view === undefined) {
      const lists = (list: ListName) => this.#listsFor(list, own);
      view = new RoutingView(lists, this.#options);
      this.#views.set(key, view);
    }
    return view;
  }

  /** Returns true if all upstreams' lists, as the caller knows them, were read after their last change. */
  isCurrent(lists: readonly ListName[], caller: string): boolean {
    return this.#places(lists).every(({ place }) => {
      const known = this.#known(place, caller);
      return known !== undefined && known.changes === (this.#changes.get(place) ?? 0);
    });
  }

  /** Returns the names of the upstreams of which any of the lists was never read for the caller. */
  unknownUpstreams(lists: readonly ListName[], caller: string): readonly string[] {
    const unknown = this.#places(lists).filter(({ place }) => !this.#known(place, caller));
    return [...new Set(unknown.map(({ upstream }) => upstream))];
  }

  #known(place: string, caller: string): KnownList | undefined {
    return this.#private.get(caller)?.get(place) ?? this.#public.get(place);
  }

  #places(lists: readonly ListName[]) {
    return this.#options.upstreams.flatMap((upstream) =>
      lists.map((list) => ({ upstream, place: placeOf(list, upstream) })),
    );
  }

  #listsFor(list: ListName, own: KnownLists | undefined): readonly ListedKeys[] {
    return this.#options.upstreams.flatMap((upstream) => {
      const place = placeOf(list, upstream);
      const known = own?.get(place) ?? this.#public.get(place);
      return known === undefined ? [] : [known.listed];
    });
  }

  /** Returns an equal list that is kept already, or the new one. */
  #share(place: string, upstream: string, keys: readonly string[]): Omit<KnownList, "changes"> {
    const listed = new ListedKeys(upstream, keys.slice(0, maxKeys));
    const shared = this.#shared.get(place) ?? [];
    const equal = shared.find((one) => one.isEqual(listed.keys));
    if (equal !== undefined) return { listed: equal, weight: 1 };
    this.#shared.set(place, [listed, ...shared].slice(0, maxShared));
    return { listed, weight: listed.keys.size };
  }
}

function placeOf(list: ListName, upstream: string): string {
  return `${list} ${upstream}`;
}

/** The names and URIs of all upstreams, as one caller knows them. */
export class RoutingView {
  readonly #lists: (list: ListName) => readonly ListedKeys[];
  readonly #options: RoutingTableOptions;
  readonly #names: { tools?: NameTable; prompts?: NameTable } = {};
  #uris: Attribution | undefined;

  constructor(lists: (list: ListName) => readonly ListedKeys[], options: RoutingTableOptions) {
    this.#lists = lists;
    this.#options = options;
  }

  /** Returns the names of the tools or prompts. */
  names(list: "tools" | "prompts"): NameTable {
    this.#names[list] ??= new NameTable(this.#lists(list), this.#options.prefix);
    return this.#names[list];
  }

  /** The URIs of the resources and templates. */
  get uris(): Attribution {
    this.#uris ??= new Attribution(
      {
        resources: this.#lists("resources"),
        resourceTemplates: this.#lists("resourceTemplates"),
        skills: this.#lists("skills"),
      },
      this.#options.forms,
    );
    return this.#uris;
  }
}
