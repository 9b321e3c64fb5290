/** The entries of an upstream that the gateway offers: the configuration may include or exclude some. */
import { invalidParams, resourceNotFound } from "lutra/internal";
import { compose, type Method, type Middleware, type ProtocolError } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import { canonicalUri, canonicalUris } from "../subjects/canonical-uri.ts";
import { filterLists, type ShownByKind } from "../subjects/filter-lists.ts";
import { filterSubscriptions, type MaySubscribe } from "../subjects/filter-subscriptions.ts";
import { compilePatterns } from "../subjects/patterns.ts";
import { type Reference, referenceIn, referenceOfHead } from "../subjects/reference.ts";
import { compileOwnName, Subject, type SubjectKind } from "../subjects/subject.ts";
import type { Visibility } from "./upstream.ts";

/** The keys of the configuration, with the kind of the entries. */
const selections = { tools: "tool", prompts: "prompt", resources: "resource" } as const;

/** An upstream whose configuration may select some of its entries. */
interface VisibilityInput {
  readonly config: UpstreamConfig;
  readonly methods: ReadonlyMap<string, Method>;
}

/**
 * Creates the policy that hides the entries that the configuration does not select: lists do not
 * contain them, and a request that names one is answered as for an unknown entry. Returns undefined if
 * all are selected.
 */
export function visibilityPolicy({ config, methods }: VisibilityInput): Middleware | undefined {
  const shown = selectedBy(config);
  if (shown.size === 0) return undefined;
  const isShownUri = shown.get("resource");
  const maySubscribe = isShownUri && shownResources(isShownUri);
  const filters = [
    filterLists(shown),
    ...(maySubscribe ? [filterSubscriptions(maySubscribe, methods)] : []),
  ];
  return (next) => {
    const filtered = compose(filters, next);
    return async (request, context) => {
      const refusal = refusalOf(referenceIn(request.method, request.params, methods), shown);
      if (refusal !== undefined) throw refusal;
      return filtered(request, context);
    };
  };
}

function shownResources(isShown: (uri: string) => boolean): MaySubscribe {
  return ({ kind, name }) => kind !== "resource" || isShown(name);
}

/** Returns the same rules for requests that are forwarded unread; undefined if all are selected. */
export function visibilityOf(config: UpstreamConfig): Visibility | undefined {
  const shown = selectedBy(config);
  if (shown.size === 0) return undefined;
  return { refusal: (head) => refusalOf(referenceOfHead(head), shown) };
}

function refusalOf(
  reference: Reference | undefined,
  shown: ShownByKind,
): ProtocolError | undefined {
  if (reference === undefined) return undefined;
  const isShown = shown.get(reference.kind);
  return isShown === undefined || isShown(reference.name) ? undefined : unknown(reference);
}

/** Returns a test for each kind of entry of which the configuration selects some. */
export function selectedBy(config: Partial<UpstreamConfig> = {}): ShownByKind {
  const shown = new Map<SubjectKind, (name: string) => boolean>();
  for (const key of Object.keys(selections) as (keyof typeof selections)[]) {
    const { include } = config[key] ?? {};
    const exclude = excludedBy(key, config);
    if (include === undefined && exclude === undefined) continue;
    const kind = selections[key];
    const isIncluded = include === undefined ? () => true : fitsEach(kind, [include].flat());
    const isExcluded = exclude === undefined ? () => false : compileOwnName(kind, exclude);
    shown.set(kind, (name) => isIncluded(name) && !isExcluded(new Subject("", kind, name)));
  }
  return shown;
}

/** Returns the patterns of entries to hide. Without apps, their pages are hidden. */
function excludedBy(
  key: keyof typeof selections,
  config: Partial<UpstreamConfig>,
): readonly string[] | undefined {
  const { exclude } = config[key] ?? {};
  const pages = key === "resources" && config.apps?.allow === false ? ["ui://*"] : [];
  const excluded = [...[exclude ?? []].flat(), ...pages];
  return excluded.length === 0 ? undefined : excluded;
}

/** Returns a test for names that fit in the spelling as sent and in the canonical one. */
function fitsEach(kind: SubjectKind, patterns: readonly string[]): (name: string) => boolean {
  const fits = compilePatterns(patterns);
  if (kind !== "resource") return fits;
  const fitsCanonical = compilePatterns(patterns.map(canonicalUri));
  return (uri) => fits(uri) && canonicalUris(uri).every(fitsCanonical);
}

function unknown({ kind, name }: Reference): ProtocolError {
  if (kind === "resource") return resourceNotFound(name);
  return invalidParams(`Unknown ${kind}: ${name}`);
}
