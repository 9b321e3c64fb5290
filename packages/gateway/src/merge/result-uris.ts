/**
 * Translates the readable URIs in results and notifications of upstreams into the client's form.
 *
 * @spec server/tools#resource-links, server/tools#embedded-resources
 */
import { appMetaKey, flatURIKey, originKey } from "lutra/apps";
import { isObject, type JSONObject } from "lutra/protocol";
import type { Attribution } from "./attribution.ts";

/** Returns the client's form of an upstream's URI. */
export type ShowUri = (uri: string) => string;

/** The members of results that hold content, resources, or an inner result. */
const holders = ["content", "contents", "messages", "result"] as const;

/**
 * Returns a copy of a result with the client's URIs, or the result itself if no URI changes. The depth
 * is that of the protocol: the result of a task, its content, and a resource in the content.
 */
export function showUris<R extends JSONObject>(result: R, show: ShowUri, isInner = false): R {
  const shown: Record<string, unknown> = { _meta: showInMeta(result._meta, show) };
  for (const holder of holders) {
    const held = result[holder];
    if (Array.isArray(held)) shown[holder] = mapped(held, (item) => showInItem(item, show));
    else if (isObject(held) && !isInner) shown[holder] = showUris(held, show, true);
  }
  return withMembers(result, shown);
}

/** Returns the value with the client's URI of the user interface in its `_meta`. */
export function showUiUri<T extends JSONObject>(value: T, upstream: string, uris: Attribution): T {
  return withMembers(value, {
    _meta: showInMeta(value._meta, (uri) => uris.show(upstream, uri)),
  });
}

/**
 * Returns the entry of a tool that belongs to an app with the upstream that offers it. Hosts compare
 * it: only the app of the same server may call a tool that is hidden from the model. A server that is
 * itself merged has already named its own upstream, which becomes the second part.
 *
 * @spec ext-apps/apps#visibility
 */
export function withOrigin<T extends JSONObject>(tool: T, upstream: string): T {
  const { _meta } = tool;
  if (!isObject(_meta)) return tool;
  const { [originKey]: inner, ...meta } = _meta;
  const isOfApp = appMetaKey in meta || flatURIKey in meta;
  if (!isOfApp) return inner === undefined ? tool : { ...tool, _meta: meta };
  const origin = typeof inner === "string" ? `${upstream}/${inner}` : upstream;
  return { ...tool, _meta: { ...meta, [originKey]: origin } };
}

/** Translates a content block, the contents of a resource, or a message of a prompt. */
function showInItem(item: unknown, show: ShowUri, levels = 2): unknown {
  if (!isObject(item) || levels < 0) return item;
  return withMembers(item, {
    uri: typeof item.uri === "string" ? show(item.uri) : item.uri,
    resource: showInItem(item.resource, show, levels - 1),
    content: showInItem(item.content, show, levels - 1),
    _meta: showInMeta(item._meta, show),
  });
}

function showInMeta(meta: unknown, show: ShowUri): unknown {
  if (!isObject(meta)) return meta;
  const { [appMetaKey]: ui, [flatURIKey]: flat } = meta;
  return withMembers(meta, {
    [appMetaKey]:
      isObject(ui) && typeof ui.resourceUri === "string"
        ? withMembers(ui, { resourceUri: show(ui.resourceUri) })
        : ui,
    [flatURIKey]: typeof flat === "string" ? show(flat) : flat,
  });
}

function mapped(items: readonly unknown[], map: (item: unknown) => unknown): readonly unknown[] {
  const shown = items.map(map);
  return shown.some((item, index) => item !== items[index]) ? shown : items;
}

/** Returns a copy with these members, or the object itself if no member changes. */
function withMembers<T extends JSONObject>(object: T, members: JSONObject): T {
  const changed = Object.entries(members).filter(([name, value]) => object[name] !== value);
  return changed.length === 0 ? object : { ...object, ...Object.fromEntries(changed) };
}
