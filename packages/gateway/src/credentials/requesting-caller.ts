/** The caller on whose behalf the gateway sends a request to an upstream. */
import type { Principal, RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";

export interface RequestingCaller {
  /** The verified caller; undefined for one without credentials, and for the gateway itself. */
  readonly principal: Principal | undefined;
  /** The token with which the caller was verified, if it was sent in `Authorization`. */
  readonly token: string | undefined;
}

/** Returns the caller of a request by its head. */
export function callerOfHead(
  { headers }: Pick<Head, "headers">,
  principal: Principal | undefined,
): RequestingCaller {
  return { principal, token: principal && tokenIn(headers) };
}

/** Returns the caller of a parsed request. */
export function callerIn(context: RequestContext): RequestingCaller {
  const headers = recordOf(context)?.head.headers ?? [];
  return callerOfHead({ headers }, context.principal);
}

function tokenIn(headers: readonly string[]): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== "authorization") continue;
    return /^(?:Bearer|DPoP) +(\S+)$/i.exec(headers[index + 1] as string)?.[1];
  }
  return undefined;
}
