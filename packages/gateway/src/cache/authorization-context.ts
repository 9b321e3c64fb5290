/** Distinguishes callers by digests of their credentials. */
import { hash } from "node:crypto";
import type { RequestContext } from "lutra/protocol";

/** The headers by which a server may identify callers. */
export const credentialHeaders: readonly string[] = [
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-api-key",
];

/**
 * Returns the key of a request's authorization context, or undefined for a caller without
 * credentials. Two access tokens of one principal have different keys, because their permissions may
 * differ.
 *
 * @spec server/utilities/caching#cache-scope-field
 */
export function authorizationContext(context: RequestContext): string | undefined {
  const principal = context.principal?.id;
  const credentials = digestOfCredentials(context);
  if (principal === undefined && credentials === undefined) return undefined;
  return JSON.stringify([principal ?? null, credentials ?? null]);
}

/** Returns the key of the caller: its principal or, without one, its credentials. */
export function callerOf(context: RequestContext): string | undefined {
  const { principal } = context;
  if (principal !== undefined) return `principal ${principal.id}`;
  const credentials = digestOfCredentials(context);
  return credentials === undefined ? undefined : `credentials ${credentials}`;
}

function digestOfCredentials({ header }: RequestContext): string | undefined {
  if (header === undefined) return undefined;
  let sent: string[] | undefined;
  for (const name of credentialHeaders) {
    const value = header(name);
    if (value === undefined) continue;
    sent ??= [];
    sent.push(name, value);
  }
  if (sent === undefined) return undefined;
  return hash("sha256", JSON.stringify(sent), "base64url");
}
