/**
 * URIs in what upstreams send, in the form in which the client can use them: wherever a result or a
 * notification shows a URI that can be read.
 *
 * @spec server/tools#resource-links, server/tools#embedded-resources
 */
import { isObject, type JSONObject } from "lutra/protocol";
import type { Attribution } from "./attribution.ts";

/** Gives the client's form of an upstream's URI. */
export type ShowUri = (uri: string) => string;

/** Members of results that hold content, resources, or another result. */
const holders = ["content", "contents", "messages", "result"] as const;

/** The member of a tool's `_meta` that names its user interface, and the earlier one. */
const uiKey = "ui";
const flatUiKey = "ui/resourceUri";

/**
 * A copy of a result in which the URIs are the client's; the same one where there are none. It goes
 * as deep as the protocol does: into the result of a task, the content in it, and a resource in that.
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

/** A tool, prompt or result in whose `_meta` the user interface has the client's URI. */
export function showUiUri<T extends JSONObject>(value: T, upstream: string, uris: Attribution): T {
  return withMembers(value, {
    _meta: showInMeta(value._meta, (uri) => uris.show(upstream, uri)),
  });
}

/** A content block, contents of a resource, or a prompt's message. */
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
  const { [uiKey]: ui, [flatUiKey]: flat } = meta;
  return withMembers(meta, {
    [uiKey]:
      isObject(ui) && typeof ui.resourceUri === "string"
        ? withMembers(ui, { resourceUri: show(ui.resourceUri) })
        : ui,
    [flatUiKey]: typeof flat === "string" ? show(flat) : flat,
  });
}

function mapped(items: readonly unknown[], map: (item: unknown) => unknown): readonly unknown[] {
  const shown = items.map(map);
  return shown.some((item, index) => item !== items[index]) ? shown : items;
}

/** A copy with other members; the same object where none is another. */
function withMembers<T extends JSONObject>(object: T, members: JSONObject): T {
  const changed = Object.entries(members).filter(([name, value]) => object[name] !== value);
  return changed.length === 0 ? object : { ...object, ...Object.fromEntries(changed) };
}
