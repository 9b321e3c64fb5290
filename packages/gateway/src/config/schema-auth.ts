/** The schema of the callers that the gateway accepts. */
import { bearerTokenForm, bearerTokenPattern } from "lutra/internal";
import { z } from "zod";
import { exactlyOne } from "./schema-values.ts";

const token = z
  .strictObject({
    id: z.string().min(1).describe("The principal; several tokens may have the same"),
    token: z
      .string()
      .regex(bearerTokenPattern, `expected ${bearerTokenForm}`)
      .describe(
        "The token: 16 or more characters. Take it from the environment, and create it with: openssl rand -base64 32",
      ),
    scopes: z
      .array(
        z.string().regex(/^[!#-[\]-~]+$/, "expected a scope without spaces and quotation marks"),
      )
      .default([])
      .describe("The scopes of the principal"),
  })
  .describe("A static bearer token");

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
    anonymous: z
      .boolean()
      .default(false)
      .describe("Also serves callers without credentials, who have no principal"),
    forwardCredentials: z
      .boolean()
      .default(false)
      .describe(
        "Passes credentials (Authorization, Cookie, DPoP, X-API-Key) on to the upstreams, for those that verify the same ones",
      ),
  })
  .refine(
    ({ tokens, tokensFile, module }) =>
      [tokens, tokensFile, module].filter((each) => each !== undefined).length === 1,
    { error: "expected exactly one of tokens, tokensFile and module" },
  )
  .describe(
    "Who may call. By default, the gateway verifies no credentials and passes them on to the upstreams",
  )
  .meta(exactlyOne("tokens", "tokensFile", "module"));
