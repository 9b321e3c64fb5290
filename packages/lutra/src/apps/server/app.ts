/**
 * `app`: a tool and the page that shows its results, declared together.
 *
 * @spec ext-apps/apps#ui-resource-format
 */
import type { CacheHints } from "../../protocol/caching.ts";
import type { Icon } from "../../protocol/icons.ts";
import { requireKnownMembers } from "../../protocol/known-members.ts";
import type { SchemaLike } from "../../schema/standard-schema.ts";
import { defineResource, type ResourceDefinition } from "../../server/resources.ts";
import type { ToolDefinition } from "../../server/tools.ts";
import { appMetaKey, appMimeType, appScheme } from "../protocol/names.ts";
import {
  type AppCSP,
  type AppPermissions,
  type AppResourceMeta,
  permissionFeatures,
} from "../protocol/resource-meta.ts";
import { type AppTool, type AppToolOptions, appTool } from "./app-tool.ts";
import { type AppPage, loadPage } from "./load-page.ts";
import { requirePage } from "./require-page.ts";

/** The page of an app, and what it asks of hosts. */
interface PageOptions {
  readonly resource: AppPage;
  /** Starts with `ui://`. @default `ui://` and the name of the tool */
  readonly uri?: string;
  /** Title of the page for users. @default that of the tool */
  readonly title?: string;
  /** Description of the page for users. */
  readonly description?: string;
  readonly icons?: readonly Icon[];
  /** Origins that the page uses. Hosts block all others. @default none */
  readonly csp?: AppCSP;
  /** Features of the browser that the page uses where the host grants them. @default none */
  readonly permissions?: { readonly [Name in keyof AppPermissions]: true };
  /**
   * An origin of its own for the view. The format depends on the host, and a wrong value can stop
   * the page from being shown: read the documentation of the host. @default none
   */
  readonly domain?: string;
  /** True for a border and a background from the host. @default the host decides */
  readonly prefersBorder?: boolean;
  /** Freshness of the page. @default one hour; public, or private with scopes */
  readonly cache?: CacheHints;
  /** Scopes that a caller must have to read the page. @default those of the tool, if they are a list */
  readonly scopes?: readonly string[];
}

/** The options of `app`. */
export type AppOptions<
  Name extends string,
  In extends SchemaLike,
  Out extends SchemaLike,
> = PageOptions & Omit<AppToolOptions<Name, In, Out>, "resourceUri">;

/** A tool and its page. List both in `createServer`, and the extension `apps()`. */
export interface App<Tool extends ToolDefinition = ToolDefinition> {
  readonly uri: string;
  readonly tool: Tool;
  readonly resource: ResourceDefinition;
}

const hourMs = 3_600_000;

const members = [
  "tool",
  "fallback",
  "visibility",
  "resource",
  "uri",
  "title",
  "description",
  "icons",
  "csp",
  "permissions",
  "domain",
  "prefersBorder",
  "cache",
  "scopes",
];

/**
 * Defines a tool and its page. The page is read and checked at once: it must be an HTML document,
 * and `csp` must cover what it loads.
 *
 * @throws {TypeError} for invalid options or an invalid page
 * @example
 * ```ts
 * const map = app({
 *   tool: { name: "show_map", outputSchema: z.object({ places: z.array(place) }), call: findPlaces },
 *   fallback: ({ places }) => places.map(({ name }) => name).join(", "),
 *   resource: { file: new URL("./map.html", import.meta.url) },
 * });
 * createServer({ ..., tools: [map.tool], resources: [map.resource], extensions: [apps()] });
 * ```
 */
export function app<
  const Name extends string,
  const In extends SchemaLike = never,
  const Out extends SchemaLike = never,
>(options: AppOptions<Name, In, Out>): App<AppTool<Name, In, Out>> {
  const { tool, resource: page, csp } = options;
  const where = `app ${tool?.name}`;
  requireKnownMembers(options, members, where);
  const { uri = `${appScheme}${tool.name}` } = options;
  const definition = appTool({ ...options, resourceUri: uri } as never) as unknown;
  const html = loadPage(where, page);
  const found = requirePage(where, html, csp);
  const resource = pageResource(uri, html, options);
  warnings.set(resource, found);
  return Object.freeze({ uri, tool: definition as AppTool<Name, In, Out>, resource });
}

function pageResource(
  uri: string,
  html: string,
  options: PageOptions & { readonly tool: Pick<ToolDefinition, "name" | "title" | "scopes"> },
): ResourceDefinition {
  const { tool, title = tool.title, description, icons } = options;
  const toolScopes = Array.isArray(tool.scopes) ? (tool.scopes as readonly string[]) : undefined;
  const { scopes = toolScopes } = options;
  const isProtected = scopes !== undefined && scopes.length > 0;
  const { cache = { ttlMs: hourMs, cacheScope: isProtected ? "private" : "public" } } = options;
  const _meta = { [appMetaKey]: resourceMeta(options) };
  return defineResource({
    uri,
    name: tool.name,
    mimeType: appMimeType,
    _meta,
    cache,
    size: new TextEncoder().encode(html).length,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(icons !== undefined && { icons }),
    ...(scopes !== undefined && { scopes }),
    read: () => ({ uri, mimeType: appMimeType, text: html, _meta }),
  });
}

function resourceMeta({ csp, permissions, domain, prefersBorder }: PageOptions): AppResourceMeta {
  const features = Object.keys(permissionFeatures);
  requireKnownMembers(permissions ?? {}, features, "app: permissions");
  const asked = Object.keys(permissions ?? {}).map((name) => [name, {}]);
  return {
    ...(csp !== undefined && { csp }),
    ...(asked.length > 0 && { permissions: Object.fromEntries(asked) as AppPermissions }),
    ...(domain !== undefined && { domain }),
    ...(prefersBorder !== undefined && { prefersBorder }),
  };
}

/** Messages about URLs in scripts that the declared domains do not cover. */
const warnings = new WeakMap<ResourceDefinition, readonly string[]>();

/** Returns the warnings about the page of a resource that `app` has defined. */
export function warningsOf(resource: ResourceDefinition): readonly string[] {
  return warnings.get(resource) ?? [];
}
