/** Tells callers apart by what they prove, without keeping it. */
import { hash } from "node:crypto";
import type { RequestContext } from "lutra/protocol";

/** Headers by which a server may know who calls. */
const credentialHeaders = ["authorization", "cookie", "proxy-authorization", "x-api-key"] as const;

/**
 * Names the authorization context of a request; `undefined` for a caller without credentials. Two
 * access tokens of one principal are two contexts, since they may allow different things.
 *
 * @spec server/utilities/caching#cache-scope-field
 */
export function authorizationContext(context: RequestContext): string | undefined {
  const principal = context.principal?.id;
  const credentials = digestOfCredentials(context);
  if (principal === undefined && credentials === undefined) return undefined;
  return JSON.stringify([principal ?? null, credentials ?? null]);
}

/** The same for all requests of one caller: its principal, or what it sends in place of one. */
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
