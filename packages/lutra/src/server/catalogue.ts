/**
 * A list of definitions, compiled into an immutable table. A change replaces the whole table. Each
 * page is encoded once, not for each request.
 *
 * @spec server/utilities/pagination, server/utilities/caching
 */

import type { CacheHints } from "../protocol/caching.ts";
import { invalidParams } from "../protocol/errors.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { withBytes } from "../protocol/json-rpc.ts";
import { requireArray } from "../protocol/known-members.ts";
import { maxCursorLength } from "../protocol/pagination.ts";
import type { Sealer } from "./seal.ts";

/** A list of definitions that can be changed while the server runs. */
export interface Catalogue<Definition> {
  /**
   * Appends definitions. Throws `TypeError` for a key that is already in the list, and when the
   * server was created without this list.
   */
  readonly add: (...definitions: readonly Definition[]) => void;
  /** Removes definitions by name, URI or template. Returns the number of removed definitions. */
  readonly remove: (...keys: readonly string[]) => number;
  /** Replaces all definitions at once. */
  readonly replace: (definitions: readonly Definition[]) => void;
  /** Returns the keys in the order of the list. */
  readonly keys: () => readonly string[];
}

export interface CatalogueInit<Definition, Compiled> {
  /** The member of the list result, for example `tools`. */
  readonly field: string;
  /** True when the server declares the capability for these definitions. */
  readonly isOffered: boolean;
  readonly compile: (definition: Definition) => Compiled;
  readonly keyOf: (definition: Definition) => string;
  /** Returns the normal form of a key, which other spellings of it share. @default the key */
  readonly normal?: (key: string) => string;
  /** Returns the entry of the list for a compiled definition. */
  readonly shown: (compiled: Compiled) => JSONObject;
  readonly pageSize: number;
  readonly hints: CacheHints;
  readonly meta: JSONObject | undefined;
  readonly sealer: () => Sealer;
  readonly onChange: () => void;
}

interface Table<Compiled> {
  readonly byKey: ReadonlyMap<string, Compiled>;
  /** The keys by their normal form. */
  readonly spellings: ReadonlyMap<string, string>;
  readonly keys: readonly string[];
  /** Encoded pages by the position of their first entry. */
  readonly pages: Map<number, Promise<Result>>;
}

export class CompiledCatalogue<Definition, Compiled> implements Catalogue<Definition> {
  readonly #init: CatalogueInit<Definition, Compiled>;
  /** The keys of the entries that belong to extensions, by extension. */
  readonly #owned = new Map<string, ReadonlySet<string>>();
  #table: Table<Compiled>;

  constructor(init: CatalogueInit<Definition, Compiled>, definitions: readonly Definition[]) {
    this.#init = init;
    this.#table = this.#compile([], definitions);
  }

  /** Returns the definition with the key, in any spelling. */
  get(key: string): Compiled | undefined {
    return this.#table.byKey.get(key) ?? this.#table.byKey.get(this.#spelled(key) as string);
  }

  values(): Iterable<Compiled> {
    return this.#table.byKey.values();
  }

  keys(): readonly string[] {
    return this.#table.keys;
  }

  add(...definitions: readonly Definition[]): void {
    this.#swap(this.#compile([...this.#table.byKey], definitions));
  }

  remove(...keys: readonly string[]): number {
    const gone = new Set(keys.map((key) => this.#spelled(key)));
    const kept = [...this.#table.byKey].filter(([key]) => !gone.has(key) || this.#isOwned(key));
    const removed = this.#table.keys.length - kept.length;
    if (removed > 0) this.#swap(this.#compile(kept, []));
    return removed;
  }

  replace(definitions: readonly Definition[]): void {
    const kept = [...this.#table.byKey].filter(([key]) => this.#isOwned(key));
    this.#swap(this.#compile(kept, definitions));
  }

  /** Replaces the entries of an extension. `remove` and `replace` keep them. */
  replaceOwned(extension: string, definitions: readonly Definition[]): void {
    const before = this.#owned.get(extension);
    const kept = [...this.#table.byKey].filter(([key]) => !before?.has(key));
    const table = this.#compile(kept, definitions);
    this.#owned.set(extension, new Set(definitions.map(this.#init.keyOf)));
    this.#swap(table);
  }

  /** Discards encoded pages, whose cursors are sealed. Called when seal keys may have changed. */
  forgetPages(): void {
    this.#table.pages.clear();
  }

  /**
   * Returns the page that starts at the position sealed in `cursor`.
   *
   * @param isShown Returns false for the entries that the page leaves out for its reader; the page is
   *   then private. @default all entries are shown
   * @spec server/utilities/caching
   */
  async page(
    cursor: string | undefined,
    isShown?: (compiled: Compiled) => boolean,
  ): Promise<Result> {
    const table = this.#table;
    const start = cursor === undefined ? 0 : await this.#open(table, cursor);
    if (isShown !== undefined) return this.#encode(table, start, isShown);
    const isBoundary = start % this.#init.pageSize === 0;
    const known = table.pages.get(start);
    if (known !== undefined) return known;
    const page = this.#encode(table, start);
    // Other positions come from cursors of an older table and are rarely used again.
    if (isBoundary) table.pages.set(start, page);
    return page;
  }

  async #encode(
    table: Table<Compiled>,
    start: number,
    isShown?: (compiled: Compiled) => boolean,
  ): Promise<Result> {
    const { field, pageSize, hints, meta, shown } = this.#init;
    const end = start + pageSize;
    const page = table.keys.slice(start, end).map((key) => table.byKey.get(key) as Compiled);
    const entries = (isShown ? page.filter(isShown) : page).map(shown);
    const next = end < table.keys.length ? { nextCursor: await this.#seal(table, end) } : {};
    const withMeta = meta === undefined ? {} : { _meta: meta };
    return withBytes({
      resultType: "complete",
      [field]: entries,
      ...next,
      ...hints,
      ...(isShown && { cacheScope: "private" }),
      ...withMeta,
    });
  }

  #seal(table: Table<Compiled>, end: number): Promise<string> {
    const after = table.keys[end - 1];
    return this.#init.sealer().seal({ after, index: end }, this.#binding);
  }

  async #open(table: Table<Compiled>, cursor: string): Promise<number> {
    const isKnown = cursor.length <= maxCursorLength;
    const position = isKnown && (await this.#init.sealer().open(cursor, this.#binding));
    if (!position) throw invalidParams("params.cursor: expected a cursor of this list");
    const { after, index } = position as { after: string; index: number };
    if (table.keys[index - 1] === after) return index;
    // The list has changed: continue after the same entry, or at its former position.
    const found = table.keys.indexOf(after);
    return found < 0 ? Math.min(index, table.keys.length) : found + 1;
  }

  #isOwned(key: string): boolean {
    return [...this.#owned.values()].some((keys) => keys.has(key));
  }

  /** Returns the key as its definition spells it. */
  #spelled(key: string): string | undefined {
    return this.#table.spellings.get(this.#normal(key));
  }

  #normal(key: string): string {
    return this.#init.normal?.(key) ?? key;
  }

  get #binding(): string {
    return `cursor\n${this.#init.field}`;
  }

  #swap(table: Table<Compiled>): void {
    const { field, isOffered, onChange } = this.#init;
    if (!isOffered) {
      throw new TypeError(`createServer: ${field}: not declared; declare [] to add to it later`);
    }
    this.#table = table;
    onChange();
  }

  #compile(
    kept: readonly (readonly [string, Compiled])[],
    definitions: readonly Definition[],
  ): Table<Compiled> {
    const byKey = new Map(kept);
    const spellings = new Map(kept.map(([key]) => [this.#normal(key), key]));
    const { field } = this.#init;
    requireArray(field, definitions);
    for (const [index, definition] of definitions.entries()) {
      if (!isObject(definition)) {
        throw new TypeError(`${field}[${index}]: expected a definition, got ${definition}`);
      }
      const compiled = this.#init.compile(definition);
      const key = this.#init.keyOf(definition);
      const normal = this.#normal(key);
      if (spellings.has(normal)) throw new TypeError(`${field}: ${key} is declared twice`);
      spellings.set(normal, key);
      byKey.set(key, compiled);
    }
    return { byKey, spellings, keys: [...byKey.keys()], pages: new Map() };
  }
}
