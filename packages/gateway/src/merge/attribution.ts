/**
 * Which upstream a URI belongs to, from what the upstreams list. A URI that is listed belongs to
 * those that list it, any other to those with a template that it matches. Only what belongs to one
 * upstream alone is shown as it is; the rest carries its upstream.
 */
import { parseURITemplate, type URITemplate } from "lutra/protocol";
import type { UpstreamNames } from "./names.ts";
import { type CarriedUri, isUiUri, type UriForms } from "./uri-forms.ts";

/** What upstreams list. */
export interface Listed {
  readonly resources: readonly UpstreamNames[];
  readonly resourceTemplates: readonly UpstreamNames[];
}

/** URIs and templates as the client knows them, and back. */
export interface Attribution {
  readonly show: (upstream: string, uri: string) => string;
  readonly showTemplate: (upstream: string, template: string) => string;
  /** The upstream that reads a URI; absent where it is not known, or where several do. */
  readonly find: (uri: string) => CarriedUri | undefined;
  /** The upstream that a URI or a template refers to. */
  readonly findReference: (uri: string) => CarriedUri | undefined;
}

interface ListedTemplate {
  readonly upstream: string;
  readonly template: string;
  /** What all its URIs begin with. */
  readonly prefix: string;
  /** Absent for one that is malformed, which matches nothing. */
  readonly compiled: URITemplate | undefined;
}

/** How many templates of one upstream URIs are matched with; those beyond carry their upstream. */
const maxTemplates = 1000;

export function createAttribution(listed: Listed, forms: UriForms): Attribution {
  const listedBy = groupByUri(listed.resources);
  const templates = listed.resourceTemplates.flatMap(compileTemplates);
  const shownTemplates = new Map<string, string>();

  /** The upstreams that a URI may belong to. */
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
    const isItsOwn = owners.length === 1 && owners[0] === upstream;
    return isItsOwn || (owners.length === 0 && isWebUri(uri)) ? uri : forms.carry(upstream, uri);
  }

  /**
   * Whether no URI of the template can be taken for another upstream's. Templates count as
   * overlapping as soon as one of their beginnings begins with the other.
   */
  function staysWhole({ upstream, template, prefix, compiled }: ListedTemplate): boolean {
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
    if (staysWhole(listedTemplate)) shownTemplates.set(template, upstream);
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
 * Clients may fetch these themselves, which they could not in another form. So a link to the web
 * that nobody lists stays a link to the web.
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
