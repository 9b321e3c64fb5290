/** The methods by which a client authenticates at the token endpoint. */
import { importPKCS8 } from "jose";
import {
  type AuthorizationServer,
  type ClientAuth,
  ClientSecretPost,
  type CryptoKey,
  None,
  PrivateKeyJwt,
} from "oauth4webapi";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";

/** The key of a client that signs assertions. */
export interface ClientKey {
  /** The private key: a `CryptoKey`, or PKCS #8 in PEM. */
  readonly privateKey: CryptoKey | string;
  /** The algorithm of a key in PEM, such as `ES256`. @default "ES256" */
  readonly algorithm?: string;
  /** The id of the key in the client's key set. */
  readonly keyId?: string;
}

/** A client that is known to an authorization server. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly key?: ClientKey | undefined;
  /**
   * `token_endpoint_auth_method`. @default the first that fits: `private_key_jwt` with a key, with a
   *   secret `client_secret_basic` and then `client_secret_post`, otherwise `none`
   */
  readonly method?: string | undefined;
}

/**
 * Returns the authentication of a client at the token endpoint.
 *
 * @throws {AuthorizationError} `unsupported` for a method that is not implemented
 */
export async function authenticationOf(
  client: ClientCredentials,
  as: AuthorizationServer,
): Promise<ClientAuth> {
  const method = methodOf(client, as);
  const { clientSecret = "", key } = client;
  if (method === "none") return None();
  if (method === "client_secret_basic") return basic(client);
  if (method === "client_secret_post") return ClientSecretPost(clientSecret);
  if (method === "private_key_jwt" && key !== undefined) return signed(key);
  throw new AuthorizationError(
    "unsupported",
    `${quoted(as.issuer)}: the client cannot authenticate by ${quoted(method)}; register it with none, client_secret_basic, client_secret_post or private_key_jwt`,
  );
}

/** Returns the method of a client, by default one that the authorization server supports. */
function methodOf(
  { method, clientSecret, key }: ClientCredentials,
  as: AuthorizationServer,
): string {
  if (method !== undefined) return method;
  if (key !== undefined) return "private_key_jwt";
  if (clientSecret === undefined) return "none";
  // The default of RFC 8414 for metadata without the member.
  const { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] } = as;
  const isPost = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
  return isPost ? "client_secret_post" : "client_secret_basic";
}

/**
 * Authenticates by HTTP Basic. The library escapes unreserved characters such as hyphens, too, which
 * servers that do not decode the credentials refuse.
 */
function basic(client: ClientCredentials): ClientAuth {
  return (_as, _client, _body, headers) => {
    headers.set("authorization", `Basic ${basicCredentials(client)}`);
  };
}

/** Returns the credentials of a client for HTTP Basic. */
export function basicCredentials({ clientId, clientSecret = "" }: ClientCredentials): string {
  return btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`);
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/** Authenticates by a signed assertion, whose audience is the issuer. */
async function signed({ privateKey, algorithm = "ES256", keyId }: ClientKey): Promise<ClientAuth> {
  const key =
    typeof privateKey === "string" ? await importPKCS8(privateKey, algorithm) : privateKey;
  return PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId });
}
