/** The schema of the tokens with which the gateway calls an upstream. */
import { parseURL } from "lutra/internal";
import { z } from "zod";

/** An issuer, an endpoint of an authorization server, or a resource. */
export const secureUrl = z
  .url({ protocol: /^https?$/, error: "expected an https URL" })
  .refine(isSecure, { error: "expected an https URL, or an http URL of this machine" });

export const client = {
  clientId: z.string().min(1).describe("The id of the gateway as a client"),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe("The secret of the client. Take it from the environment"),
  clientSecretFile: z
    .string()
    .min(1)
    .optional()
    .describe("A file that contains the secret of the client, and nothing else"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("A file with the private key of the client (PKCS #8 in PEM), for private_key_jwt"),
  keyAlgorithm: z
    .enum(["ES256", "ES384", "ES512", "PS256", "RS256", "EdDSA"])
    .default("ES256")
    .describe("The algorithm of the key"),
  keyId: z
    .string()
    .min(1)
    .optional()
    .describe("The id of the key in the key set that the authorization server knows"),
  authentication: z
    .enum(["client_secret_basic", "client_secret_post", "private_key_jwt"])
    .optional()
    .describe(
      "The method by which the client authenticates. By default, private_key_jwt with a key, and otherwise the one that the metadata of the authorization server name",
    ),
};

const scopes = z.array(
  z.string().regex(/^[!#-[\]-~]+$/, "expected a scope without spaces and quotation marks"),
);

const identityProvider = z
  .strictObject({
    issuer: secureUrl.describe("The issuer of the identity provider, as its metadata spell it"),
    tokenEndpoint: secureUrl
      .optional()
      .describe("The token endpoint. By default, that of the metadata"),
    ...client,
  })
  .describe(
    "The identity provider of the organisation, and the gateway as its client; only with the grant enterprise-managed",
  );

export const upstreamAuth = z
  .strictObject({
    grant: z
      .enum(["client-credentials", "token-exchange", "enterprise-managed", "sign-in"])
      .describe(
        "How the gateway gets tokens: for itself (client-credentials), in exchange for the token of the verified caller (token-exchange, RFC 8693), by an assertion of the organisation's identity provider about the caller (enterprise-managed), or by a sign-in of each caller in the browser (sign-in)",
      ),
    issuer: secureUrl.describe(
      "The issuer of the upstream's authorization server, as its metadata spell it",
    ),
    resource: z
      .url({ error: "expected a URL" })
      .optional()
      .describe(
        "The resource identifier of the upstream, for which the tokens are issued. By default, its URL",
      ),
    audience: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The name of the upstream at its authorization server, if it differs from the resource identifier; only with token-exchange",
      ),
    scopes: scopes
      .default([])
      .describe("The scopes to ask for. By default, those that the authorization server chooses"),
    stepUpScopes: scopes
      .max(50)
      .default([])
      .describe(
        "Further scopes, for which the gateway asks in addition once the upstream refuses a request that needs them (403 with insufficient_scope)",
      ),
    dpop: z
      .boolean()
      .default(false)
      .describe(
        "Binds the tokens to keys of the gateway (DPoP, RFC 9449), so that a stolen one can't be used. Proofs name the resource identifier of the upstream as their URL",
      ),
    subjectTokenType: z
      .enum(["access_token", "jwt", "id_token"])
      .default("access_token")
      .describe("The type as which the token of the caller is presented for the exchange"),
    ...client,
    identityProvider: identityProvider.optional(),
  })
  .describe(
    "The tokens of the gateway for this upstream, which are sent in place of the credentials of callers. For a secret that does not change, use headers",
  );

/** True for URLs whose connections no other party can read. */
function isSecure(text: string): boolean {
  const url = parseURL(text);
  if (url === undefined) return true;
  const { protocol, hostname, hash } = url;
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  return hash === "" && (protocol === "https:" || isLocal);
}
