/**
 * Client ID metadata documents: the URL of a document about the client is its id, everywhere.
 *
 * @spec basic/authorization/client-registration#client-id-metadata-documents
 */
import type { JSONObject } from "../../protocol/json.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { isLoopback, isProtected } from "./loopback.ts";

export interface ClientMetadata {
  /** The URL at which the document is served. */
  readonly url: string;
  readonly clientName: string;
  /** Redirect URIs: `https`, or `http` on loopback. */
  readonly redirectUris: readonly string[];
  readonly clientUri?: string;
  readonly logoUri?: string;
}

/**
 * Returns the document about a client, to be served as `application/json` at its URL.
 *
 * @throws {TypeError} for a URL that cannot be the id of a client, and for a redirect URI that is not protected
 */
export function clientMetadataDocument(metadata: ClientMetadata): JSONObject {
  const { url, clientName, redirectUris, clientUri, logoUri } = metadata;
  requireClientMetadataUrl(url);
  if (clientName === "") throw new TypeError("clientName: expected a text");
  if (redirectUris.length === 0) throw new TypeError("redirectUris: expected at least one URI");
  for (const uri of redirectUris) requireRedirectUri(uri);
  return {
    client_id: url,
    client_name: clientName,
    ...(clientUri !== undefined && { client_uri: clientUri }),
    ...(logoUri !== undefined && { logo_uri: logoUri }),
    redirect_uris: [...redirectUris],
    application_type: redirectUris.map(applicationType).includes("native") ? "native" : "web",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
}

/**
 * Returns the type of the application to which a user returns. Authorization servers permit loopback
 * only for the type `native`.
 *
 * @spec basic/authorization/client-registration#application-type-and-redirect-uri-constraints
 */
export function applicationType(redirectUri: string): "native" | "web" {
  const url = parseURL(redirectUri);
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol) && !isLoopback(url);
  return isWeb ? "web" : "native";
}

/**
 * Checks the URL of a metadata document.
 *
 * @throws {TypeError} for a URL that is not `https`, or has no path, or has parts that an id may not have
 * @spec basic/authorization/client-registration#implementation-requirements
 */
export function requireClientMetadataUrl(url: string): void {
  const parsed = parseURL(url);
  const isValid =
    parsed?.protocol === "https:" &&
    parsed.pathname !== "/" &&
    parsed.username === "" &&
    parsed.password === "" &&
    !/[#?]|\/\.{1,2}(?:\/|$)/.test(url);
  if (isValid) return;
  throw new TypeError(
    "clientMetadataUrl: expected an https URL with a path and without query, fragment, credentials and dot segments, such as https://app.example.com/client.json",
  );
}

/**
 * Checks a redirect URI.
 *
 * @throws {TypeError} for one that is neither `https` nor on loopback, or has a fragment or credentials
 * @spec basic/authorization/security-considerations#communication-security
 */
export function requireRedirectUri(uri: string): URL {
  const url = parseURL(uri);
  const isValid =
    url !== undefined &&
    // A fragment may be empty.
    !uri.includes("#") &&
    isProtected(url);
  if (isValid) return url;
  throw new TypeError(
    "redirectUri: expected an https URL, or an http URL of this machine, without a fragment and a user name",
  );
}
