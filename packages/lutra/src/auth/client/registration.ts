/**
 * The registration of a client with an authorization server.
 *
 * @spec basic/authorization/client-registration
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  dynamicClientRegistrationRequest,
} from "oauth4webapi";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";
import type { ClientCredentials } from "./client-authentication.ts";
import { applicationType } from "./client-metadata.ts";
import type { ClientRegistration, Entry } from "./records.ts";

/** A client that was registered beforehand with one authorization server. */
export interface RegisteredClient extends ClientCredentials {
  /** The issuer that knows the client, exactly as its metadata spells it. */
  readonly issuer: string;
}

export interface RegistrationOptions {
  /** Clients that were registered beforehand, at most one for each issuer. @default [] */
  readonly clients?: readonly RegisteredClient[];
  /** The URL of the client's metadata document; see `clientMetadataDocument`. */
  readonly clientMetadataUrl?: string;
  /** The name of the client that users see on the consent page. @default "Lutra client" */
  readonly clientName?: string;
  /** The web page of the client, for the consent page. */
  readonly clientUri?: string;
  /**
   * Registers the client with authorization servers that know neither `clients` nor metadata documents.
   *
   * @default true without `clients`, otherwise false
   */
  readonly dynamicRegistration?: boolean;
}

/** The circumstances of one registration. */
export interface RegistrationRequest {
  readonly as: AuthorizationServer;
  readonly redirectUri: string;
  /** The entry of registrations with this issuer. */
  readonly entry: Entry<ClientRegistration>;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly isDPoP: boolean;
}

/**
 * Returns the client for an authorization server: registered beforehand, by a metadata document, or
 * registered now. Credentials are never used with an issuer other than the one that issued them.
 *
 * @throws {AuthorizationError} `client_not_registered`, or `registration_refused`
 * @spec basic/authorization/client-registration#authorization-server-binding
 */
export async function registeredClient(
  options: RegistrationOptions,
  request: RegistrationRequest,
): Promise<ClientRegistration> {
  const { clients = [], clientMetadataUrl } = options;
  const { as, redirectUri } = request;
  const known = clients.find(({ issuer }) => issuer === as.issuer);
  if (known !== undefined) return storable(known);
  if (clientMetadataUrl !== undefined && as.client_id_metadata_document_supported === true) {
    return { clientId: clientMetadataUrl, method: "none", redirectUris: [redirectUri] };
  }
  const { dynamicRegistration = clients.length === 0 } = options;
  if (dynamicRegistration && as.registration_endpoint !== undefined) {
    return registered(options, request);
  }
  throw new AuthorizationError("client_not_registered", messageForUnknownClient(as, options));
}

/** Returns a client without its key, which the options keep. */
function storable({ clientId, clientSecret, method }: RegisteredClient): ClientRegistration {
  return {
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    ...(method !== undefined && { method }),
  };
}

/** Returns the credentials of a client that was registered beforehand, or else those that were stored. */
export function credentialsOf(
  { clients = [] }: RegistrationOptions,
  issuer: string,
  stored: ClientRegistration,
): ClientCredentials {
  const isSame = (one: RegisteredClient) =>
    one.issuer === issuer && one.clientId === stored.clientId;
  return clients.find(isSame) ?? stored;
}

function messageForUnknownClient(
  { issuer }: AuthorizationServer,
  { clients = [] }: RegistrationOptions,
): string {
  const known = clients.map((client) => quoted(client.issuer)).join(", ");
  const others = known === "" ? "" : ` (those in clients are registered with ${known})`;
  return `${quoted(issuer)}: the authorization server does not know this client${others}; register it there, and pass clients: [{ issuer, clientId }]`;
}

/**
 * Returns the stored registration if it is valid for the redirect URI, or else registers the client.
 *
 * @spec basic/authorization/client-registration#dynamic-client-registration
 */
async function registered(
  options: RegistrationOptions,
  request: RegistrationRequest,
): Promise<ClientRegistration> {
  const { entry, redirectUri, now } = request;
  const stored = await entry.get();
  const isValid =
    stored?.redirectUris?.includes(redirectUri) && (stored.expiresAt ?? Infinity) > now();
  if (stored !== undefined && isValid) return stored;
  const registration = await register(options, request);
  await entry.set(registration);
  return registration;
}

async function register(
  options: RegistrationOptions,
  { as, redirectUri, fetch, isDPoP }: RegistrationRequest,
): Promise<ClientRegistration> {
  const method = registrableMethod(as);
  const metadata = {
    client_name: options.clientName ?? "Lutra client",
    ...(options.clientUri !== undefined && { client_uri: options.clientUri }),
    redirect_uris: [redirectUri],
    application_type: applicationType(redirectUri),
    grant_types: grantTypes(as),
    response_types: ["code"],
    token_endpoint_auth_method: method,
    ...(isDPoP && { dpop_bound_access_tokens: true }),
  };
  const response = await dynamicClientRegistrationRequest(as, metadata, {
    [customFetch]: fetch,
    [allowInsecureRequests]: true,
  });
  const body: unknown = await response.json().catch(() => undefined);
  const answer = isObject(body) ? body : {};
  const { client_id, client_secret } = answer;
  if (!response.ok || typeof client_id !== "string")
    throw refusedRegistration(as, response, answer);
  const answered = answer.token_endpoint_auth_method;
  const expiresAt = Number(answer.client_secret_expires_at ?? 0) * 1000;
  return {
    clientId: client_id,
    ...(typeof client_secret === "string" && { clientSecret: client_secret }),
    method: typeof answered === "string" ? answered : method,
    ...(expiresAt > 0 && { expiresAt }),
    redirectUris: [redirectUri],
  };
}

/** Prefers a client without a secret, as programs on a user's machine can't keep one. */
function registrableMethod(as: AuthorizationServer): string {
  const { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] } = as;
  const usable = ["none", "client_secret_basic", "client_secret_post"];
  return usable.find((method) => methods.includes(method)) ?? "none";
}

/** @spec basic/authorization/index#refresh-tokens */
function grantTypes({ grant_types_supported: supported }: AuthorizationServer): string[] {
  const wanted = ["authorization_code", "refresh_token"];
  return wanted.filter((grant) => supported === undefined || supported.includes(grant));
}

function refusedRegistration(
  as: AuthorizationServer,
  { status }: Response,
  { error, error_description, client_secret, registration_access_token }: JSONObject,
): AuthorizationError {
  const secrets = [client_secret, registration_access_token].map(String);
  const code = typeof error === "string" ? quoted(error, secrets) : `HTTP status ${status}`;
  const details =
    typeof error_description === "string" ? ` (${quoted(error_description, secrets)})` : "";
  return new AuthorizationError(
    "registration_refused",
    `${quoted(as.issuer)}: the authorization server did not register the client: ${code}${details}; register it by hand, and pass clients: [{ issuer, clientId }]`,
    { code },
  );
}
