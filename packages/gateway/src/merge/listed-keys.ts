/** The names, URIs or URI templates in one list of one upstream. */
import { normalURI } from "lutra/internal";
import { parseURITemplate, type URITemplate } from "lutra/protocol";
import { prefixedName } from "../subjects/prefixed-name.ts";

export interface ListedTemplate {
  readonly upstream: string;
  readonly template: string;
  /** The beginning that all its URIs share, in the normal form of URIs. */
  readonly prefix: string;
  /** Undefined for a malformed template and for one without a literal scheme, which match nothing. */
  readonly compiled: URITemplate | undefined;
}

/**
 * Maximum number of templates per upstream with which URIs are matched. The URIs of further
 * templates carry their upstream.
 */
const maxTemplates = 1000;

/** The keys of a list. Callers who see the same list share one value. */
export class ListedKeys {
  readonly upstream: string;
  readonly keys: ReadonlySet<string>;
  #shortened: ReadonlyMap<string, string> | undefined;
  #templates: readonly ListedTemplate[] | undefined;
  #uris: ReadonlyMap<string, string> | undefined;

  constructor(upstream: string, keys: Iterable<string>) {
    this.upstream = upstream;
    this.keys = new Set(keys);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** The names by their forms with a prefix, if that form is shortened. */
  get shortened(): ReadonlyMap<string, string> {
    this.#shortened ??= new Map(
      [...this.keys].flatMap((name): [string, string][] => {
        const shown = prefixedName(this.upstream, name);
        return shown.length === this.upstream.length + 1 + name.length ? [] : [[shown, name]];
      }),
    );
    return this.#shortened;
  }

  /** The keys as URIs, by their normal form. */
  get uris(): ReadonlyMap<string, string> {
    // Of several spellings of one URI, the first one is used.
    this.#uris ??= new Map([...this.keys].reverse().map((uri) => [normalURI(uri), uri]));
    return this.#uris;
  }

  /** Returns a URI as the list spells it, or undefined if it is not listed. */
  spelled(uri: string): string | undefined {
    return this.keys.has(uri) ? uri : this.uris.get(normalURI(uri));
  }

  /** The keys as URI templates. */
  get templates(): readonly ListedTemplate[] {
    const { upstream } = this;
    this.#templates ??= [...this.keys].slice(0, maxTemplates).map((template) => {
      const prefix = literalPrefix(template);
      return { upstream, template, prefix, compiled: compileTemplate(template, prefix) };
    });
    return this.#templates;
  }

  /** Returns true for the same keys, in any order. */
  isEqual(keys: ReadonlySet<string>): boolean {
    if (keys.size !== this.keys.size) return false;
    for (const key of keys) if (!this.keys.has(key)) return false;
    return true;
  }
}

/** A template without a literal scheme could match the URIs of every upstream. */
function compileTemplate(template: string, prefix: string): URITemplate | undefined {
  if (!prefix.includes(":")) return undefined;
  try {
    return parseURITemplate(template);
  } catch {
    return undefined;
  }
}

function literalPrefix(template: string): string {
  return normalURI(template.split("{", 1)[0] as string);
}
