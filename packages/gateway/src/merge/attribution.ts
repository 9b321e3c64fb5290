/**
 * Attributes URIs to upstreams by their lists. A URI belongs to the upstreams that list it, and to those
 * with a matching template or with a skill around it. A URI of exactly one upstream is shown unchanged; every other URI carries its
 * upstream. So no upstream can take over the URIs of another by listing them, in any spelling.
 */
import { normalURI } from "lutra/internal";
import { type CarriedUri, isUiUri, type UriForms } from "../subjects/uri-forms.ts";
import type { ListedKeys, ListedTemplate } from "./listed-keys.ts";

/** The URIs and templates that upstreams list. */
export interface ListedUris {
  readonly resources: readonly ListedKeys[];
  readonly resourceTemplates: readonly ListedKeys[];
  /** The URIs of `SKILL.md` of the listed skills. */
  readonly skills: readonly ListedKeys[];
}

/** Translates URIs and templates between the upstreams' form and the client's. */
export class Attribution {
  readonly #resources: readonly ListedKeys[];
  readonly #templates: readonly ListedTemplate[];
  readonly #skills: readonly ListedKeys[];
  readonly #forms: UriForms;
  /** The upstreams of the templates that are shown unchanged, and undefined for the others. */
  readonly #unchanged = new Map<string, string | undefined>();

  constructor({ resources, resourceTemplates, skills }: ListedUris, forms: UriForms) {
    this.#resources = resources;
    this.#skills = skills;
    this.#templates = resourceTemplates.flatMap(({ templates }) => templates);
    this.#forms = forms;
  }

  /** Returns the client's form of a URI. */
  show(upstream: string, uri: string): string {
    const owners = this.#ownersOf(uri);
    const isOnlyOwner = owners.size === 1 && owners.has(upstream);
    const isUnlistedLink = owners.size === 0 && isWebUri(uri);
    return isOnlyOwner || isUnlistedLink ? uri : this.#forms.carry(upstream, uri);
  }

  /**
   * Returns the client's form of the URI of a skill. It is unchanged only if that of each file is, since
   * all files of a skill must be below its directory.
   *
   * @spec ext-skills/skills#resources
   */
  showSkill(upstream: string, uri: string, files: readonly string[]): string {
    const isUnchanged = [uri, ...files].every((file) => this.show(upstream, file) === file);
    return isUnchanged ? uri : this.#forms.carry(upstream, uri);
  }

  /** Returns the client's form of a template. */
  showTemplate(upstream: string, template: string): string {
    const isUnchanged = this.#unchangedAt(template) === upstream;
    return isUnchanged ? template : this.#forms.carry(upstream, template);
  }

  /** Returns the only upstream that can read a URI, and its own spelling of it, or undefined. */
  find(uri: string): CarriedUri | undefined {
    const carried = this.#forms.read(uri);
    if (carried !== undefined) return this.#spelled(carried);
    const [upstream, ...others] = this.#ownersOf(uri);
    return upstream === undefined || others.length > 0
      ? undefined
      : this.#spelled({ upstream, uri });
  }

  /** Returns the upstream of a URI or a template, or undefined. */
  findReference(uri: string): CarriedUri | undefined {
    const upstream = this.#unchangedAt(uri);
    return upstream === undefined ? this.find(uri) : { upstream, uri };
  }

  /** Spells a URI as its upstream lists it, since an upstream may know only that spelling. */
  #spelled({ upstream, uri }: CarriedUri): CarriedUri {
    const list = this.#resources.find((one) => one.upstream === upstream);
    return { upstream, uri: list?.spelled(uri) ?? uri };
  }

  /** Returns the upstreams that a URI may belong to. */
  #ownersOf(uri: string): ReadonlySet<string> {
    const owners = new Set<string>();
    if (isUiUri(uri) || this.#forms.read(uri) !== undefined) return owners;
    const normal = normalURI(uri);
    for (const list of this.#resources) if (list.uris.has(normal)) owners.add(list.upstream);
    for (const list of this.#skills) if (isInSkill(normal, list)) owners.add(list.upstream);
    for (const { upstream, prefix, compiled } of this.#templates) {
      if (owners.has(upstream) || !normal.startsWith(prefix)) continue;
      if (compiled?.match(normal) !== undefined) owners.add(upstream);
    }
    return owners;
  }

  /** Returns true if another upstream has a skill with files that can begin with the prefix. */
  #hasSkillIn(prefix: string, upstream: string): boolean {
    const others = this.#skills.filter((list) => list.upstream !== upstream);
    return others.some(({ uris }) =>
      [...uris.keys()].some((uri) => {
        const directory = uri.slice(0, uri.lastIndexOf("/") + 1);
        return directory.startsWith(prefix) || prefix.startsWith(directory);
      }),
    );
  }

  /** Returns the upstream of a template that is shown unchanged. */
  #unchangedAt(template: string): string | undefined {
    if (this.#unchanged.has(template)) return this.#unchanged.get(template);
    const listed = this.#templates.filter((one) => one.template === template);
    if (listed.length === 0) return undefined;
    const [only] = listed;
    const upstream = only && this.#isUnambiguous(only) ? only.upstream : undefined;
    this.#unchanged.set(template, upstream);
    return upstream;
  }

  /**
   * Returns true if no URI of the template can be mistaken for one of another upstream. Two templates
   * overlap if the literal prefix of one begins with the literal prefix of the other.
   */
  #isUnambiguous({ upstream, template, prefix, compiled }: ListedTemplate): boolean {
    if (compiled === undefined) return false;
    if (isUiUri(prefix) || this.#forms.read(template) !== undefined) return false;
    const overlaps = this.#templates.some(
      (other) =>
        other.upstream !== upstream &&
        other.compiled !== undefined &&
        (other.prefix.startsWith(prefix) || prefix.startsWith(other.prefix)),
    );
    if (overlaps || this.#hasSkillIn(prefix, upstream)) return false;
    const others = this.#resources.filter((list) => list.upstream !== upstream);
    return !others.some(({ uris }) =>
      [...uris.keys()].some((uri) => uri.startsWith(prefix) && compiled.match(uri) !== undefined),
    );
  }
}

/** Returns true for the directory of a listed skill, and for a URI below it. */
function isInSkill(uri: string, { uris }: ListedKeys): boolean {
  if (uris.size === 0) return false;
  for (let end = uri.length; end > 0; end = uri.lastIndexOf("/", end - 1)) {
    if (uris.has(`${uri.slice(0, end)}/SKILL.md`)) return true;
  }
  return false;
}

/**
 * Returns true for a URI that a client may fetch itself. Such a URI stays unchanged unless an upstream
 * lists it, because in the form that carries its upstream it could not be fetched.
 *
 * @spec server/resources#https
 */
function isWebUri(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}
