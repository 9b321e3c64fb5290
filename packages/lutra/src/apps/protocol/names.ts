/**
 * The names of the MCP Apps extension, in its stable revision.
 *
 * @spec ext-apps/apps#extension-identifier, ext-apps/apps#ui-resource-format
 */

/** The identifier of the extension. */
export const appsId = "io.modelcontextprotocol/ui";

/** The revision of the messages between a view and its host. */
export const appsRevision = "2026-01-26";

/** The MIME type of the page of an app. It is compared as text, without parsing its parameter. */
export const appMimeType = "text/html;profile=mcp-app";

/** The scheme with which the URI of each UI resource starts. */
export const appScheme = "ui://";

/** The member of `_meta` of a tool or of UI resource contents. */
export const appMetaKey = "ui";

/** The deprecated member of `_meta` of a tool that contains only the URI. */
export const flatURIKey = "ui/resourceUri";

/**
 * The member of `_meta` of a tool that names the server that offers it, where a gateway offers the
 * tools of several. Absent from the tools of a single server.
 */
export const originKey = "dev.lutra/upstream";
