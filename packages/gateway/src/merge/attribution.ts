/**
 * Attributes URIs to upstreams by their lists. A listed URI belongs to the upstreams that list it, any
 * other URI to those with a matching template. A URI of exactly one upstream is shown unchanged; every
 * other URI carries its upstream.
 */
import { parseURITemplate, type URITemplate } from "lutra/protocol";
import { type CarriedUri, isUiUri, type UriForms } from "../subjects/uri-forms.ts";
import type { UpstreamNames } from "./names.ts";

/** The URIs and templates that upstreams list. */
export interface ListedUris {
  readonly resources: readonly UpstreamNames[];
  readonly resourceTemplates: readonly UpstreamNames[];
}

/** Translates URIs and templates between the upstreams' form and the client's. */
export interface Attribution {
  /** Returns the client's form of a URI. */
  readonly show: (upstream: string, uri: string) => string;
  /** Returns the client's form of a template. */
  readonly showTemplate: (upstream: string, template: string) => string;
  /** Returns the only upstream that can read a URI, or undefined. */
  readonly find: (uri: string) => CarriedUri | undefined;
  /** Returns the upstream of a URI or a template, or undefined. */
  readonly findReference: (uri: string) => CarriedUri | undefined;
}

interface ListedTemplate {
  readonly upstream: string;
  readonly template: string;
  /** The beginning that all its URIs share. */
  readonly prefix: string;
  /** Undefined for a malformed template, which matches nothing. */
  readonly compiled: URITemplate | undefined;
}

/** Maximum number of templates per upstream that URIs are matched with. Others carry their upstream. */
const maxTemplates = 1000;

export function createAttribution(listed: ListedUris, forms: UriForms): Attribution {
  const listedBy = groupByUri(listed.resources);
  const templates = listed.resourceTemplates.flatMap(compileTemplates);
  const shownTemplates = new Map<string, string>();

  /** Returns the upstreams that a URI may belong to. */
  function ownersOf(uri: string): readonly string[] {
    if (isUiUri(uri) || forms.read(uri) !== undefined) return [];
    const owners = listedBy.get(uri);
    if (owners !== undefined) return owners;
    const matching = templates.filter(
      ({ prefix, compiled }) => uri.startsWith(prefix) && compiled?.match(uri) !== undefined,
    );
    return [...new Set(matching.map(({ upstream }) => upstream))];
  }

  function find(uri: string): CarriedUri | undefined {
    const carried = forms.read(uri);
    if (carried !== undefined) return carried;
    const [upstream, ...others] = ownersOf(uri);
    return upstream === undefined || others.length > 0 ? undefined : { upstream, uri };
  }

  function show(upstream: string, uri: string): string {
    const owners = ownersOf(uri);
    const isOnlyOwner = owners.length === 1 && owners[0] === upstream;
    const isUnlistedLink = owners.length === 0 && isWebUri(uri);
    return isOnlyOwner || isUnlistedLink ? uri : forms.carry(upstream, uri);
  }

  /**
   * Returns true if no URI of the template can be mistaken for one of another upstream. Two templates
   * overlap if the literal prefix of one begins with the literal prefix of the other.
   */
  function isUnambiguous({ upstream, template, prefix, compiled }: ListedTemplate): boolean {
    if (compiled === undefined || !prefix.includes(":")) return false;
    if (isUiUri(prefix) || forms.read(template) !== undefined) return false;
    const overlaps = templates.some(
      (other) =>
        other.upstream !== upstream &&
        (other.prefix.startsWith(prefix) || prefix.startsWith(other.prefix)),
    );
    if (overlaps) return false;
    for (const [uri, owners] of listedBy) {
      const isElsewhere = owners.some((owner) => owner !== upstream);
      if (isElsewhere && uri.startsWith(prefix) && compiled.match(uri) !== undefined) return false;
    }
    return true;
  }

  for (const listedTemplate of templates) {
    const { template, upstream } = listedTemplate;
    if (isUnambiguous(listedTemplate)) shownTemplates.set(template, upstream);
  }

  return {
    show,
    showTemplate: (upstream, template) =>
      shownTemplates.get(template) === upstream ? template : forms.carry(upstream, template),
    find,
    findReference: (uri) => {
      const upstream = shownTemplates.get(uri);
      return upstream === undefined ? find(uri) : { upstream, uri };
    },
  };
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

function groupByUri(lists: readonly UpstreamNames[]): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const { upstream, names } of lists) {
    for (const uri of new Set(names)) {
      const others = owners.get(uri);
      if (others === undefined) owners.set(uri, [upstream]);
      else others.push(upstream);
    }
  }
  return owners;
}

function compileTemplates({ upstream, names }: UpstreamNames): readonly ListedTemplate[] {
  return [...names].slice(0, maxTemplates).map((template) => ({
    upstream,
    template,
    prefix: literalPrefix(template),
    compiled: compileTemplate(template),
  }));
}

function compileTemplate(template: string): URITemplate | undefined {
  try {
    return parseURITemplate(template);
  } catch {
    return undefined;
  }
}

function literalPrefix(template: string): string {
  return template.split("{", 1)[0] as string;
}
