/**
 * The HTTP headers that a parsed request keeps on its way to an upstream. The transport creates all
 * others from the message.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import { headerNames, type RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import { forwardedNames } from "../head/forwarded-headers.ts";
import {
  type CallerHeaders,
  credentialHeader,
  principalHeader,
  unverifiedCallers,
} from "./caller-headers.ts";

type Headers = { readonly [name: string]: string };

/** The credentials, and the trace that the request belongs to. */
const kept = [credentialHeader, "traceparent", "tracestate", "baggage"] as const;

/**
 * Returns a function that collects the headers that a request keeps: credentials, trace headers,
 * `X-Forwarded-For`, `-Proto` and `-Host`, and all `Mcp-Param-*`. The `configured` headers of the
 * upstream take precedence over the client's, and the context's `addHeaders` over both. `callers`
 * decides about the credentials and the principal.
 *
 * @spec basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
export function createMessageHeaders(
  configured: Headers = {},
  callers: CallerHeaders = unverifiedCallers,
): (context: RequestContext) => Headers | undefined {
  const own = new Set(Object.keys(configured).map((name) => name.toLowerCase()));
  const names = kept.filter((name) => !own.has(name));
  const withoutCredentials = names.filter((name) => name !== credentialHeader);
  const { passesCredentials, encodePrincipal } = callers;

  return (context) => {
    const { header, addHeaders, principal } = context;
    const added: Record<string, string> = {};
    for (const name of passesCredentials() ? names : withoutCredentials) {
      const value = header?.(name);
      if (value !== undefined) added[name] = value;
    }
    addFromHead(added, recordOf(context)?.head.headers ?? [], own);
    if (encodePrincipal !== undefined && principal !== undefined) {
      added[principalHeader] = encodePrincipal(principal);
    }
    return addHeaders === undefined ? added : merge(added, addHeaders);
  };
}

const forwarded: ReadonlySet<string> = new Set(Object.values(forwardedNames));

/** Copies headers from a list in which names, in lower case, and values alternate. */
function addFromHead(
  added: Record<string, string>,
  headers: readonly string[],
  own: ReadonlySet<string>,
): void {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const isForwarded = forwarded.has(name) && !own.has(name);
    if (isForwarded || name.startsWith(headerNames.paramPrefix)) {
      added[name] = headers[index + 1] as string;
    }
  }
}

function merge(headers: Headers, addHeaders: Headers): Headers {
  const present = new Set(Object.keys(addHeaders).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !present.has(name));
  return { ...Object.fromEntries(others), ...addHeaders };
}
