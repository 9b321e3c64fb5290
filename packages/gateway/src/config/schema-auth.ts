/** The schema of the callers that the gateway accepts. */
import { bearerTokenForm, bearerTokenPattern } from "lutra/internal";
import { z } from "zod";
import { client, secureUrl } from "./schema-upstream-auth.ts";
import { exactlyOne, storeUrl } from "./schema-values.ts";

const scope = z
  .string()
  .regex(/^[!#-[\]-~]+$/, "expected a scope without spaces and quotation marks");

const token = z
  .strictObject({
    id: z.string().min(1).describe("The principal; several tokens may have the same"),
    token: z
      .string()
      .regex(bearerTokenPattern, `expected ${bearerTokenForm}`)
      .describe(
        "The token: 16 or more characters. Take it from the environment, and create it with: openssl rand -base64 32",
      ),
    scopes: z.array(scope).default([]).describe("The scopes of the principal"),
  })
  .describe("A static bearer token");

/** The settings for the tokens of an issuer. */
const ofIssuer = ["resource", "audience", "tokenTypes", "scopesSupported", "signIn"] as const;

export const auth = z
  .strictObject({
    tokens: z.array(token).min(1).optional().describe("The accepted tokens"),
    tokensFile: z
      .string()
      .optional()
      .describe(
        "A file with one token per line: the principal, the token and its scopes, separated by spaces",
      ),
    module: z
      .string()
      .optional()
      .describe("A file whose default export is a function that verifies credentials"),
    issuer: secureUrl
      .optional()
      .describe(
        "The issuer of the authorization server whose access tokens are accepted (JSON Web Tokens), as its metadata spell it",
      ),
    resource: secureUrl
      .optional()
      .describe(
        "The URL of the gateway as clients know it, for which its tokens are issued. Required with issuer",
      ),
    audience: z
      .string()
      .min(1)
      .optional()
      .describe("The audience of the tokens of the issuer. By default, the resource"),
    tokenTypes: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("The accepted types of the tokens of the issuer. Default: at+jwt"),
    scopesSupported: z
      .array(scope)
      .optional()
      .describe("The scopes for which clients of the issuer ask at first. Default: scopes"),
    scopes: z
      .array(scope)
      .default([])
      .describe("The scopes that every caller with credentials needs"),
    signIn: z
      .strictObject({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        clientSecretFile: client.clientSecretFile,
        store: storeUrl
          .default("memory:")
          .describe(
            "The store for the tokens of users, encrypted with keys, which gateways share. `memory:` forgets them at the end of the process",
          ),
      })
      .optional()
      .describe(
        "The gateway as a client of the issuer, by which it recognises users in their browser. Required by upstreams with the grant sign-in, for which users connect their accounts at pages below the resource",
      ),
    anonymous: z
      .boolean()
      .default(false)
      .describe("Also serves callers without credentials, who have no principal"),
    forwardCredentials: z
      .boolean()
      .default(false)
      .describe(
        "Passes credentials (Authorization, Cookie, DPoP, X-API-Key) on to the upstream, for one that verifies the same ones. Refused with several upstreams: each could use them at the others",
      ),
  })
  .refine(
    ({ tokens, tokensFile, module, issuer }) =>
      [tokens, tokensFile, module, issuer].filter((each) => each !== undefined).length === 1,
    { error: "expected exactly one of tokens, tokensFile, module and issuer" },
  )
  .refine(({ issuer, resource }) => issuer === undefined || resource !== undefined, {
    error: "issuer requires resource, the URL of the gateway as clients know it",
  })
  .refine((auth) => auth.issuer !== undefined || ofIssuer.every((key) => auth[key] === undefined), {
    error: `${ofIssuer.join(", ")} require issuer; remove them`,
  })
  .describe(
    "Who may call. By default, the gateway verifies no credentials and passes them on to the upstreams",
  )
  .meta(exactlyOne("tokens", "tokensFile", "module", "issuer"));
