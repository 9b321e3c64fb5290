/**
 * What a request that was read keeps of its HTTP headers on its way to an upstream. The transport
 * makes all others anew from the message.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import { headerNames, type RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import { forwardedNames } from "../head/forwarded.ts";

type Headers = { readonly [name: string]: string };

/** Whom the request is for, and which trace it belongs to. */
const passed = ["authorization", "traceparent", "tracestate", "baggage"] as const;

/**
 * Compiles what is passed on: a few headers by their names, how the request has come, and all
 * `Mcp-Param-*`, known or not.
 * `configured` headers of the upstream take the place of the client's. What is in the context's
 * `addHeaders` stays.
 *
 * @spec basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
export function createPassedHeaders(
  configured: Headers = {},
): (context: RequestContext) => Headers | undefined {
  const own = new Set(Object.keys(configured).map((name) => name.toLowerCase()));
  const names = passed.filter((name) => !own.has(name));

  return (context) => {
    const { header, addHeaders } = context;
    const added: Record<string, string> = {};
    for (const name of names) {
      const value = header?.(name);
      if (value !== undefined) added[name] = value;
    }
    addFromHead(added, recordOf(context)?.head.headers ?? [], own);
    return addHeaders === undefined ? added : merge(added, addHeaders);
  };
}

const forwarded: ReadonlySet<string> = new Set(Object.values(forwardedNames));

/** Takes what goes on out of names, in lower case, and values in turn. */
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

function merge(passedOn: Headers, addHeaders: Headers): Headers {
  const present = new Set(Object.keys(addHeaders).map((name) => name.toLowerCase()));
  const others = Object.entries(passedOn).filter(([name]) => !present.has(name));
  return { ...Object.fromEntries(others), ...addHeaders };
}
