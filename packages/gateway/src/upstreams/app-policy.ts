/**
 * The policy about the apps of one upstream: none at all, or apps with fewer domains and features than
 * they ask for. A gateway can only remove or restrict: the host decides about the rest.
 *
 * @spec ext-apps/apps#host-behavior
 */
import {
  appMetaKey,
  domainIncludes,
  flatURIKey,
  isVisibleTo,
  readAppResourceMeta,
} from "lutra/apps";
import {
  isObject,
  type JSONObject,
  listResources,
  listResourceTemplates,
  listTools,
  type Middleware,
  type Result,
  readResource,
} from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";

type AppPolicy = NonNullable<UpstreamConfig["apps"]>;

/** Returns the entry without what the policy refuses, or undefined for an entry that is left out. */
type Limit = (entry: JSONObject, policy: AppPolicy) => JSONObject | undefined;

/** The members of results that hold metadata of apps, by method. */
const holders: ReadonlyMap<string, { readonly field: string; readonly limit: Limit }> = new Map([
  [listTools.name, { field: "tools", limit: limitTool }],
  [listResources.name, { field: "resources", limit: limitPage }],
  [listResourceTemplates.name, { field: "resourceTemplates", limit: limitPage }],
  [readResource.name, { field: "contents", limit: limitPage }],
]);

/** Returns true if results of the method can change under the policy of an upstream. */
export function changesApps(method: string, upstream: UpstreamConfig | undefined): boolean {
  return upstream?.apps !== undefined && holders.has(method);
}

/** Creates the policy of the configuration. Returns undefined if there is none. */
export function appPolicy({
  config: { apps },
}: {
  readonly config: Pick<UpstreamConfig, "apps">;
}): Middleware | undefined {
  return apps && limitApps(apps);
}

/** Applies a policy to the lists and the pages of an upstream. */
function limitApps(policy: AppPolicy): Middleware {
  return (next) => async (request, context) => {
    const result = await next(request, context);
    const holder = holders.get(request.method);
    const entries = holder && result[holder.field];
    if (holder === undefined || !Array.isArray(entries)) return result;
    const limited = entries.flatMap((entry: unknown) => {
      return isObject(entry) ? (holder.limit(entry, policy) ?? []) : [entry];
    });
    return { ...result, [holder.field]: limited } as Result;
  };
}

/** Without apps, a tool has no page, and no one may call a tool that only apps may call. */
function limitTool(tool: JSONObject, { allow }: AppPolicy): JSONObject | undefined {
  const { _meta } = tool;
  if (allow || !isObject(_meta)) return tool;
  if (!isVisibleTo({ _meta }, "model")) return undefined;
  const { [appMetaKey]: _ui, [flatURIKey]: _flat, ...meta } = _meta;
  return { ...tool, _meta: meta };
}

function limitPage(page: JSONObject, policy: AppPolicy): JSONObject {
  const { _meta } = page;
  if (!isObject(_meta) || !isObject(_meta[appMetaKey])) return page;
  const { csp, permissions, domain, prefersBorder } = readAppResourceMeta({ _meta });
  const ui = {
    ...(csp && { csp: limitDomains(csp, policy.domains) }),
    ...(permissions && { permissions: limitFeatures(permissions, policy.permissions) }),
    ...ownDomain(domain, policy.domain),
    ...(prefersBorder !== undefined && { prefersBorder }),
  };
  return { ...page, _meta: { ..._meta, [appMetaKey]: ui } };
}

function limitDomains(csp: object, allowed: readonly string[] | undefined): object {
  if (allowed === undefined) return csp;
  const lists = Object.entries(csp).map(([name, list]: [string, readonly string[]]) => [
    name,
    list.filter((domain) => allowed.some((wider) => domainIncludes(wider, domain))),
  ]);
  return Object.fromEntries(lists);
}

function limitFeatures(asked: object, allowed: readonly string[] | undefined): object {
  if (allowed === undefined) return asked;
  return Object.fromEntries(Object.entries(asked).filter(([name]) => allowed.includes(name)));
}

/** A server may derive its domain from its own URL, which is not that of the gateway. */
function ownDomain(declared: string | undefined, configured: AppPolicy["domain"]): object {
  if (configured === false) return {};
  const domain = configured ?? declared;
  return domain === undefined ? {} : { domain };
}
