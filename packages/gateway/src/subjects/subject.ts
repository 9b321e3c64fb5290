/**
 * The subject of a request: the entry of one upstream that the request addresses, under the upstream's
 * own name. Rules, limits and records depend on the subject, because a client may know the same entry
 * by several names.
 */

import { canonicalUri, canonicalUris, withoutQuery } from "./canonical-uri.ts";
import { compilePatterns } from "./patterns.ts";
import { prefixedName } from "./prefixed-name.ts";
import { carryUri } from "./uri-forms.ts";

/** The kind of an entry. An `id` was minted by the upstream, for example for a task. */
export type SubjectKind = "tool" | "prompt" | "resource" | "id";

export class Subject {
  readonly upstream: string;
  readonly kind: SubjectKind;
  /** The upstream's own name of a tool or prompt, its URI or URI template, or its id. */
  readonly name: string;
  /**
   * The upstream under which limits count the subject. It differs from `upstream` if a route divides
   * its requests between several upstreams.
   */
  readonly countedAt: string;
  #names: readonly string[] | undefined;
  #canonical: readonly string[] | undefined;
  #ownCanonical: readonly string[] | undefined;

  constructor(upstream: string, kind: SubjectKind, name: string, countedAt = upstream) {
    this.upstream = upstream;
    this.kind = kind;
    this.name = name;
    this.countedAt = countedAt;
  }

  /** The names by which clients may know the subject: its own, and those with its upstream. */
  get names(): readonly string[] {
    const { upstream, kind, name } = this;
    if (kind === "id") return [name];
    this.#names ??=
      kind === "resource"
        ? [name, carryUri(upstream, name)]
        : [name, `${upstream}.${name}`, prefixedName(upstream, name)];
    return this.#names;
  }

  /** The canonical spellings of a resource's own URI. The last one has no query. */
  get ownCanonical(): readonly string[] {
    this.#ownCanonical ??= spellingsOf(this.name);
    return this.#ownCanonical;
  }

  /** The canonical spellings of a resource: of its own URI, and of the one with its upstream. */
  get canonical(): readonly string[] {
    const { ownCanonical, names } = this;
    this.#canonical ??= [...ownCanonical, ...names.slice(1).flatMap(spellingsOf)];
    return this.#canonical;
  }
}

function spellingsOf(uri: string): readonly string[] {
  return canonicalUris(uri).flatMap((canonical) => [canonical, withoutQuery(canonical)]);
}

export type SubjectTest = (subject: Subject) => boolean;

/** Returns a test for subjects that clients may know by a name that fits one of the patterns. */
export function compileAnyName(patterns: readonly string[]): SubjectTest {
  const fits = compilePatterns(patterns);
  const fitsUri = compilePatterns(patterns.map(canonicalUri));
  return (subject) =>
    subject.names.some(fits) || (subject.kind === "resource" && subject.canonical.some(fitsUri));
}

/** Returns a test for subjects of a kind whose own name fits one of the patterns, in any spelling. */
export function compileOwnName(kind: SubjectKind, patterns: readonly string[]): SubjectTest {
  const fits = compilePatterns(patterns);
  const fitsUri = compilePatterns(patterns.map(canonicalUri));
  return (subject) => {
    if (subject.kind !== kind) return false;
    if (fits(subject.name)) return true;
    return kind === "resource" && subject.ownCanonical.some(fitsUri);
  };
}
