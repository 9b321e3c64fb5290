/**
 * What the upstreams list, as far as the gateway has seen: which names there are, and which URIs.
 * It says where requests go and what things are called, and is never shown as a list, so it may be
 * learnt from what one caller sees and used for all: the upstream decides what each may do.
 */
import type { CacheScope, ListChanged } from "lutra/protocol";
import { type Attribution, createAttribution } from "./attribution.ts";
import { type ListName, listKinds, listNames } from "./list-kinds.ts";
import { createNameTable, type NameTable, type PrefixRule, type UpstreamNames } from "./names.ts";
import type { UriForms } from "./uri-forms.ts";

export interface RoutingTableOptions {
  readonly upstreams: readonly string[];
  readonly prefix: PrefixRule;
  readonly forms: UriForms;
  readonly now: () => number;
}

/** What was learnt of one list of one upstream. */
interface Learnt {
  /** When each key was seen last. */
  readonly keys: Map<string, number>;
  /** Whether the list was seen since its last change. */
  isCurrent: boolean;
  /** Whether the upstream has ever said what is in it. */
  isKnown: boolean;
}

/** How long a key is remembered that only some callers see. */
const rememberMs = 3_600_000;
/** How many keys of one list of one upstream are remembered. */
const maxKeys = 10_000;

export class RoutingTable {
  readonly #options: RoutingTableOptions;
  readonly #learnt: { readonly [List in ListName]: Map<string, Learnt> };
  readonly #names: { tools?: NameTable | undefined; prompts?: NameTable | undefined } = {};
  #uris: Attribution | undefined;

  constructor(options: RoutingTableOptions) {
    this.#options = options;
    const forUpstreams = () =>
      new Map(
        options.upstreams.map(
          (name) => [name, { keys: new Map(), isCurrent: false, isKnown: false }] as const,
        ),
      );
    this.#learnt = {
      tools: forUpstreams(),
      prompts: forUpstreams(),
      resources: forUpstreams(),
      resourceTemplates: forUpstreams(),
    };
  }

  /**
   * Takes over a list of an upstream. A public one is all there is; a private one adds to what other
   * callers see, so that names do not change back and forth between them.
   */
  learn(
    list: ListName,
    { upstream, keys, scope }: { upstream: string; keys: readonly string[]; scope: CacheScope },
  ): void {
    const learnt = this.#learnt[list].get(upstream) as Learnt;
    learnt.isCurrent = true;
    learnt.isKnown = true;
    const now = this.#options.now();
    const kept = new Set(keys.slice(0, maxKeys));
    let hasChanged = false;
    for (const key of kept) {
      hasChanged ||= !learnt.keys.has(key);
      // Added anew, so that the first of the map are those that were not seen for longest.
      learnt.keys.delete(key);
      learnt.keys.set(key, now);
    }
    for (const [key, seenAt] of learnt.keys) {
      const isForgotten = scope === "public" || now - seenAt >= rememberMs;
      if (!kept.has(key) && (isForgotten || learnt.keys.size > maxKeys)) {
        learnt.keys.delete(key);
        hasChanged = true;
      }
    }
    if (hasChanged) this.#forgetCompiled(list);
  }

  /** Notes that lists of an upstream have changed; what is known of them stays in use meanwhile. */
  outdate(upstream: string, change?: ListChanged): void {
    for (const list of listNames) {
      if (change !== undefined && listKinds[list].changedBy !== change) continue;
      const learnt = this.#learnt[list].get(upstream);
      if (learnt !== undefined) learnt.isCurrent = false;
    }
  }

  /** Whether everything there is to know of the lists has been seen, as far as one knows. */
  isCurrent(lists: readonly ListName[]): boolean {
    return lists.every((list) =>
      [...this.#learnt[list].values()].every(({ isCurrent }) => isCurrent),
    );
  }

  /** The upstreams that have not said what is in the lists, so that nobody knows what they have. */
  unknownUpstreams(lists: readonly ListName[]): readonly string[] {
    const isUnknown = (name: string) =>
      lists.some((list) => this.#learnt[list].get(name)?.isKnown === false);
    return this.#options.upstreams.filter(isUnknown);
  }

  names(list: "tools" | "prompts"): NameTable {
    this.#names[list] ??= createNameTable(this.#keysOf(list), this.#options.prefix);
    return this.#names[list];
  }

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
    return [...this.#learnt[list]].map(([upstream, { keys }]) => ({
      upstream,
      names: keys.keys(),
    }));
  }

  #forgetCompiled(list: ListName): void {
    if (list === "tools" || list === "prompts") this.#names[list] = undefined;
    else this.#uris = undefined;
  }
}
