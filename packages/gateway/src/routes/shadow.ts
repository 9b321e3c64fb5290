/** Sends copies of parsed requests to a second upstream, and discards the answers. */
import { mayRunTwice, nameOf } from "lutra/internal";
import type { JSONRPCRequest, Middleware, RequestContext } from "lutra/protocol";
import { limitCopies } from "../delivery/deliver-copy.ts";
import { copyRecord } from "../exchange-record.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Methods } from "./admission.ts";

export interface ShadowOptions {
  readonly upstream: Upstream;
  readonly methods: Methods;
  /** Copies also calls that may change something. */
  readonly sideEffects: boolean;
}

/** Maximum duration of a copy, in milliseconds. */
const copyMs = 30_000;

/** Returns true when a second execution of the request changes nothing, or was configured. */
export function mayShadow(
  method: string | undefined,
  name: string | undefined,
  { upstream, methods, sideEffects }: ShadowOptions,
): boolean {
  const described = method === undefined ? undefined : methods.get(method);
  if (described === undefined || described.longLived) return false;
  if (sideEffects) return true;
  const tool = described.annotated && name !== undefined ? upstream.tool(name) : undefined;
  return mayRunTwice(described, { readOnlyHint: tool?.annotations?.readOnlyHint });
}

interface CopiedRequest {
  readonly request: JSONRPCRequest;
  readonly original: RequestContext;
}

/** Copies parsed requests. A failed copy is ignored. */
export function shadow(options: ShadowOptions): Middleware {
  const { upstream, methods } = options;
  const send = limitCopies<CopiedRequest>(({ request, original }, onEnd) => {
    const signal = AbortSignal.timeout(copyMs);
    const { principal, header } = original;
    const context = { signal, notify: () => {}, principal, ...(header && { header }) };
    copyRecord(original, context);
    upstream.serve(request, context).then(onEnd, onEnd);
  });
  return (next) => (request, context) => {
    const name = nameOf(methods.get(request.method), request.params);
    if (mayShadow(request.method, name, options)) send({ request, original: context });
    return next(request, context);
  };
}
