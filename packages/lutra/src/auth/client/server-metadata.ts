/**
 * The metadata of an authorization server.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery
 */
import type { AuthorizationServer } from "oauth4webapi";
import { parseURL } from "../../protocol/parse-url.ts";
import { quoted, textOf } from "../../protocol/peer-text.ts";
import { getJSON, type MetadataRequest } from "../get-json.ts";
import { serverMetadataURLs } from "../server-metadata-urls.ts";
import { AuthorizationError } from "./authorization-error.ts";
import { isProtected } from "./loopback.ts";

/**
 * Reads the metadata of an issuer: as an OAuth authorization server first, then as an OpenID provider. A
 * document about another issuer ends the search, since it may be an attempt to redirect a sign-in.
 *
 * @throws {AuthorizationError} when there is none, or it is not that of the issuer
 */
export async function readServerMetadata(
  issuer: string,
  request: MetadataRequest,
): Promise<AuthorizationServer> {
  for (const url of metadataURLs(issuer)) {
    const document = await getJSON(url, request);
    if (document === undefined) continue;
    // Compared as it is: a URL that was parsed and printed again could differ from both.
    if (document.issuer !== issuer) {
      throw new AuthorizationError(
        "issuer_mismatch",
        `${quoted(issuer)}: its metadata is that of another issuer, ${quoted(textOf(document.issuer))}; expected the same spelling`,
      );
    }
    return checked(issuer, document as unknown as AuthorizationServer);
  }
  throw new AuthorizationError(
    "no_server_metadata",
    `${quoted(issuer)}: the authorization server has no metadata at its well-known URLs; ask its operator`,
  );
}

/** Returns the well-known URLs of an issuer, in the order in which they are tried. */
export function metadataURLs(issuer: string): readonly string[] {
  const url = parseURL(issuer);
  if (url === undefined || !isProtected(url) || url.search !== "" || url.hash !== "") {
    throw new AuthorizationError(
      "unsafe_url",
      `authorization server: expected an https URL without query and fragment, got ${quoted(issuer)}`,
    );
  }
  return serverMetadataURLs(url);
}

/** Checks the types of the members that are used. */
function checked(issuer: string, metadata: AuthorizationServer): AuthorizationServer {
  const members: { readonly [name: string]: unknown } = { ...metadata };
  const wrong = [
    ...texts.filter((name) => !isOptional(members[name], isText)),
    ...lists.filter((name) => !isOptional(members[name], isTextList)),
  ];
  if (wrong.length > 0) {
    throw new AuthorizationError(
      "invalid_metadata",
      `${quoted(issuer)}: the metadata of the authorization server is invalid: ${wrong.join(", ")}`,
    );
  }
  for (const name of secretEndpoints) requireProtected(issuer, name, members[name]);
  return metadata;
}

/** The endpoints that receive codes, tokens or secrets. */
const secretEndpoints = ["token_endpoint", "registration_endpoint", "revocation_endpoint"];

/**
 * Checks an endpoint, as the fetch of an application may permit more than the guarded one.
 *
 * @spec basic/authorization/security-considerations#communication-security
 */
function requireProtected(issuer: string, name: string, endpoint: unknown): void {
  const url = parseURL(endpoint);
  if (endpoint === undefined || (url !== undefined && isProtected(url))) return;
  throw unsafeEndpoint(issuer, name);
}

/** Returns the error for an endpoint to which nothing is sent. */
export function unsafeEndpoint(issuer: string, name: string): AuthorizationError {
  return new AuthorizationError(
    "unsafe_url",
    `${quoted(issuer)}: ${name}: expected an https URL in the metadata of the authorization server`,
  );
}

const texts = [
  "authorization_endpoint",
  "token_endpoint",
  "registration_endpoint",
  "revocation_endpoint",
];

const lists = [
  "scopes_supported",
  "grant_types_supported",
  "code_challenge_methods_supported",
  "token_endpoint_auth_methods_supported",
  "dpop_signing_alg_values_supported",
];

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}
