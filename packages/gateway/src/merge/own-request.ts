/** Requests that the gateway itself sends on behalf of a client. */
import { copyContext } from "lutra/internal";
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
import { copyRecord } from "../exchange-record.ts";
import { isShared, sharedContext } from "../head/shared-request.ts";

/** A client's request that is being answered, with its context. */
export interface ReceivedRequest {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
}

/** Creates a request with the declarations of the received one, but without notifications. */
export function ownRequest({ request }: ReceivedRequest, method: string, params: JSONObject) {
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

/** Creates the context of such a request: the client's principal and headers, with matching metadata. */
export function ownContext({ context }: ReceivedRequest, method: string, signal: AbortSignal) {
  const { principal, header } = context;
  const own: RequestContext = {
    signal,
    principal,
    notify: () => {},
    ...(header && { header: headersOf(header, { method }) }),
  };
  copyRecord(context, own);
  return isShared(context) ? sharedContext(own) : own;
}

/** Returns the context of a request whose name was replaced, so that its headers match its body. */
export function renamedContext(context: RequestContext, name: string): RequestContext {
  const { header } = context;
  return header === undefined
    ? context
    : copyContext(context, { header: headersOf(header, { name }) });
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
