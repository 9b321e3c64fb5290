/** Requests of the gateway's own that it sends on behalf of a caller. */
import {
  encodeHeaderValue,
  headerNames,
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  metaKeys,
  type RequestContext,
} from "lutra/protocol";
import { randomId } from "lutra/server";

/** A request that is being answered, and what belongs to it. */
export interface Caller {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
}

/** A request that declares what its caller declares, and asks for no notifications. */
export function ownRequest({ request }: Caller, method: string, params: JSONObject) {
  const meta = isObject(request.params?._meta) ? request.params._meta : {};
  const { [metaKeys.progressToken]: _progress, [metaKeys.logLevel]: _logLevel, ...declared } = meta;
  const own: JSONRPCRequest = {
    jsonrpc: "2.0",
    id: `gateway-${randomId(9)}`,
    method,
    params: { ...params, _meta: declared },
  };
  return own;
}

/** What belongs to such a request: the caller's principal, and headers that fit the request. */
export function ownContext({ context }: Caller, method: string, signal: AbortSignal) {
  const { principal, header } = context;
  const own: RequestContext = {
    signal,
    principal,
    notify: () => {},
    ...(header && { header: headersOf(header, { method }) }),
  };
  return own;
}

/** The context of a request whose name was replaced, so that its headers say the same as its body. */
export function renamedContext(context: RequestContext, name: string): RequestContext {
  const { header } = context;
  return header === undefined ? context : { ...context, header: headersOf(header, { name }) };
}

function headersOf(
  header: NonNullable<RequestContext["header"]>,
  { method, name }: { readonly method?: string; readonly name?: string },
): NonNullable<RequestContext["header"]> {
  return (wanted) => {
    if (wanted === headerNames.name) return name && encodeHeaderValue(name);
    if (method === undefined) return header(wanted);
    if (wanted === headerNames.method) return method;
    return wanted.startsWith(headerNames.paramPrefix) ? undefined : header(wanted);
  };
}
