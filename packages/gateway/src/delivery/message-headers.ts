/**
 * The HTTP headers of its caller that a parsed request keeps on its way to an upstream. The transport
 * creates those of the protocol from the message.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import { isTraceparent } from "lutra/internal";
import { headerNames, type RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import { type HeaderConditions, HeaderPolicy } from "../head/header-policy.ts";
import { isProtocolHeader } from "../head/known-headers.ts";
import { isShared } from "../head/shared-request.ts";
import { type CallerHeaders, principalHeader, unverifiedCallers } from "./caller-headers.ts";
import { carriedToken } from "./own-token.ts";

type Headers = { readonly [name: string]: string };

/**
 * Returns a function that collects the headers that a request keeps by the `policy` of its upstream,
 * and all `Mcp-Param-*`. The context's `addHeaders` take precedence. `callers` decides about the
 * credentials and the principal.
 *
 * @spec basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
export function createMessageHeaders(
  policy: HeaderPolicy = new HeaderPolicy(),
  callers: CallerHeaders = unverifiedCallers,
): (context: RequestContext) => Headers | undefined {
  const { passesCredentials, encodePrincipal } = callers;
  return (context) => {
    const { addHeaders, principal } = context;
    const headers = recordOf(context)?.head.headers ?? [];
    const conditions = {
      passesCredentials: passesCredentials(),
      isShared: isShared(context),
    };
    const added = collect(headers, policy, conditions);
    const own = carriedToken(context)?.token.headers() ?? [];
    for (let index = 0; index < own.length; index += 2) {
      added[own[index] as string] = own[index + 1] as string;
    }
    if (encodePrincipal !== undefined && principal !== undefined) {
      added[principalHeader] = encodePrincipal(principal);
    }
    return addHeaders === undefined ? added : merge(added, addHeaders);
  };
}

/** Collects headers from a list in which names, in lower case, and values alternate. */
function collect(
  headers: readonly string[],
  policy: HeaderPolicy,
  conditions: HeaderConditions,
): Record<string, string> {
  const added: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (isProtocolHeader(name) && !name.startsWith(headerNames.paramPrefix)) continue;
    const sentAs = policy.sentAs(name, conditions);
    const value = headers[index + 1] as string;
    if (sentAs === undefined || !isSendable(name, value, conditions)) continue;
    const before = added[sentAs];
    const separator = name === "cookie" ? "; " : ", ";
    added[sentAs] = before === undefined ? value : before + separator + value;
  }
  return added;
}

/** Returns false for a malformed trace in a request whose result may be shared. */
function isSendable(name: string, value: string, { isShared }: HeaderConditions): boolean {
  return !isShared || name !== "traceparent" || isTraceparent(value);
}

function merge(headers: Headers, addHeaders: Headers): Headers {
  const present = new Set(Object.keys(addHeaders).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !present.has(name));
  return { ...Object.fromEntries(others), ...addHeaders };
}
