/**
 * The extension `io.modelcontextprotocol/ui` of a server.
 *
 * The metadata of tools is the same for every client, also for one that shows no apps. A list that
 * depends on the capabilities of the client could not be shared between callers.
 *
 * @spec ext-apps/apps#server-behavior
 */
import { isObject } from "../../protocol/json.ts";
import { normalURI } from "../../protocol/uri.ts";
import { parseURITemplate } from "../../protocol/uri-template.ts";
import { defineExtension, type Extension, type ExtensionHost } from "../../server/extension.ts";
import type { ToolDefinition } from "../../server/tools.ts";
import { appMetaKey, appMimeType, appsId, flatURIKey } from "../protocol/names.ts";
import { isAppURI, readAppToolMeta } from "../protocol/tool-meta.ts";
import { warningsOf } from "./app.ts";

/**
 * Declares the extension, and checks the apps of the server when it is created: each `resourceUri`
 * must be a resource of the same server with the MIME type of apps.
 */
export function apps(): Extension {
  return defineExtension({
    id: appsId,
    toolRequirements: (definition) => {
      requireToolMeta(definition);
      return undefined;
    },
    install: (host) => {
      for (const tool of host.tools ?? []) requirePageOf(tool, host);
      for (const resource of host.resources ?? []) {
        if (isAppURI(resource.uri)) requireAppType(resource);
        for (const warning of warningsOf(resource)) host.onWarning(warning);
      }
      return {};
    },
  });
}

/** Checks the metadata of a tool, also of one that is added later. */
function requireToolMeta({ _meta = {} }: ToolDefinition): void {
  const ui = _meta[appMetaKey];
  const uris = [isObject(ui) ? ui.resourceUri : undefined, _meta[flatURIKey]];
  const wrong = uris.find((uri) => uri !== undefined && !isAppURI(uri));
  if (wrong !== undefined) {
    throw new TypeError(`_meta.ui.resourceUri: ${wrong}: expected a URI that starts with ui://`);
  }
}

type Pages = Pick<ExtensionHost, "resources" | "resourceTemplates">;

/** @spec ext-apps/apps#behavior */
function requirePageOf(tool: ToolDefinition, { resources, resourceTemplates }: Pages): void {
  const { resourceUri } = readAppToolMeta(tool);
  if (resourceUri === undefined) return;
  const wanted = normalURI(resourceUri);
  const found =
    resources?.find(({ uri }) => normalURI(uri) === wanted) ??
    resourceTemplates?.find(({ uriTemplate }) => parseURITemplate(uriTemplate).match(resourceUri));
  if (found === undefined) {
    throw new TypeError(
      `tool ${tool.name}: _meta.ui.resourceUri: ${resourceUri}: expected a resource of this server`,
    );
  }
  requireAppType(found, resourceUri);
}

function requireAppType(
  resource: { readonly mimeType?: string; readonly uri?: string },
  uri: string | undefined = resource.uri,
): void {
  if (resource.mimeType === appMimeType) return;
  throw new TypeError(`resource ${uri}: mimeType: expected ${appMimeType}`);
}
