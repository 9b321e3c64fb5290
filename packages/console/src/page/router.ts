/** The address of the page: `#/explore/tools/search` is the path `["explore", "tools", "search"]`. */
import { signal } from "@preact/signals";

/** The place that the page shows. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/** The current route. It follows the address, so each view can be linked to. */
export const route = signal<Route>(parseRoute(location.hash));

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const segments = path.split("/").filter((segment) => segment !== "");
  return { path: segments.map(decode), query: new URLSearchParams(query) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Returns the link to a path, for `href`. */
export function hrefOf(
  path: readonly string[],
  query: { readonly [name: string]: string } = {},
): string {
  const params = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${params === "" ? "" : `?${params}`}`;
}

/** Shows another path. With `replace`, the back button skips the current one. */
export function navigate(
  path: readonly string[],
  query: { readonly [name: string]: string } = {},
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  const href = hrefOf(path, query);
  if (href === location.hash) return;
  if (replace) {
    history.replaceState(null, "", href);
    route.value = parseRoute(href);
  } else {
    location.hash = href;
  }
}
