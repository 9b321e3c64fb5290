/**
 * The protected resource metadata of a server: its resource identifier, and the authorization servers
 * that issue tokens for it.
 *
 * @spec basic/authorization/authorization-server-discovery#protected-resource-metadata-discovery-requirements
 */
import type { JSONObject } from "../../protocol/json.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { quoted, textOf } from "../../protocol/peer-text.ts";
import { addressOf } from "../../transport/http/client.ts";
import { getJSON, type MetadataRequest } from "../get-json.ts";
import { AuthorizationError } from "./authorization-error.ts";
import type { Refusal } from "./challenge.ts";
import { validScopes } from "./scopes.ts";

/** The part of the metadata that a client uses. */
export interface ProtectedResource {
  /** The resource identifier, exactly as the server spells it. */
  readonly resource: string;
  /** Issuers, exactly as the server spells them. */
  readonly authorizationServers: readonly string[];
  readonly scopesSupported: readonly string[];
  /** True when the resource accepts only tokens that are bound to a key. */
  readonly requiresDPoP: boolean;
}

const wellKnown = "/.well-known/oauth-protected-resource";
/** Maximum number of authorization servers that are considered; further ones are ignored. */
const maxAuthorizationServers = 20;

/**
 * Reads the metadata from the URL of the challenge, or else from the well-known URLs: that of the path
 * of the server first, then that of the root.
 *
 * @throws {AuthorizationError} when there is none, or it describes another server
 */
export async function readResourceMetadata(
  server: URL,
  { resourceMetadata }: Refusal,
  request: MetadataRequest,
): Promise<ProtectedResource> {
  const urls = resourceMetadata === undefined ? wellKnownURLs(server) : [resourceMetadata];
  for (const url of urls) {
    const document = await getJSON(url, request);
    if (document !== undefined) return parseResourceMetadata(server, document, url);
  }
  const found = resourceMetadata === undefined ? wellKnown : "the URL of its challenge";
  throw new AuthorizationError(
    "no_resource_metadata",
    `${addressOf(server)}: asks for authorization, but has no protected resource metadata at ${found}; name its authorization server in the option issuer`,
  );
}

function wellKnownURLs({ origin, pathname }: URL): readonly string[] {
  const root = origin + wellKnown;
  return pathname === "/" ? [root] : [root + pathname, root];
}

function parseResourceMetadata(server: URL, document: JSONObject, from: string): ProtectedResource {
  const { resource, authorization_servers, scopes_supported, dpop_bound_access_tokens_required } =
    document;
  if (typeof resource !== "string" || !describes(resource, server, from)) {
    throw new AuthorizationError(
      "resource_mismatch",
      `${addressOf(server)}: its protected resource metadata is about another resource, ${quoted(textOf(resource))}; no token is requested`,
    );
  }
  const issuers = Array.isArray(authorization_servers) ? authorization_servers : [];
  const authorizationServers = issuers
    .filter((one): one is string => typeof one === "string")
    .slice(0, maxAuthorizationServers);
  if (authorizationServers.length === 0) {
    throw new AuthorizationError(
      "no_authorization_server",
      `${addressOf(server)}: its protected resource metadata names no authorization server; ask its operator`,
    );
  }
  return {
    resource,
    authorizationServers,
    scopesSupported: validScopes(Array.isArray(scopes_supported) ? scopes_supported : []),
    requiresDPoP: dpop_bound_access_tokens_required === true,
  };
}

/**
 * Returns true when a resource identifier is about this server: it is the server's URL or, in the
 * document at the well-known URL of the root, the origin, as RFC 9728 requires. A token for another path
 * would be valid at the servers of others on the same host.
 */
function describes(resource: string, server: URL, from: string): boolean {
  const url = parseURL(resource);
  if (url === undefined || url.origin !== server.origin || resource.includes("#")) return false;
  if (url.search !== "" && url.search !== server.search) return false;
  const [path, own] = [url.pathname, server.pathname].map((text) => text.replace(/\/$/, ""));
  return path === own || (path === "" && from === server.origin + wellKnown);
}

/**
 * Returns the identifier of a server without metadata: its URL without query and fragment, and for the
 * root without the final slash.
 *
 * @spec basic/authorization/index#canonical-server-uri
 */
export function canonicalURI({ origin, pathname }: URL): string {
  return pathname === "/" ? origin : origin + pathname;
}
