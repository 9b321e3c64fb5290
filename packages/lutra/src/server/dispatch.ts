/**
 * The path of every request: it is admitted, passes through the middleware, and reaches its method.
 * Errors on this path are masked.
 */
import { isThenable } from "../protocol/chain.ts";
import { isProtocolError } from "../protocol/errors.ts";
import { compose, type RequestContext, type Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { type Method, nameOf } from "../protocol/method.ts";
import { isTransportError, TransportError } from "../protocol/transport-error.ts";
import { modernVersions } from "../protocol/versioning.ts";
import { type AdmittedMethod, admit, type ServedMethod } from "./admit.ts";
import type { InstalledExtension } from "./extension.ts";
import { isActive, type Observer } from "./handler/observer.ts";
import { maskError } from "./mask-error.ts";
import { placeIn } from "./place.ts";
import type { CompleteOptions } from "./server-options.ts";

/** Maximum length of a name from a client in the log, in characters. */
const maxNameLength = 200;

/** Combines a method and the function that serves it, which receives the parsed parameters. */
export function serveMethod<Params>(
  method: Method<Params>,
  serve: (
    params: Params,
    request: JSONRPCRequest,
    context: RequestContext,
  ) => Result | Promise<Result>,
): ServedMethod {
  return {
    method,
    serve: (request, context) => serve(method.params(request.params ?? {}), request, context),
  };
}

/** The path of requests, and the function that changes its observer. */
export interface Dispatch {
  readonly serve: Serve;
  readonly observe: (observer: Observer | undefined) => void;
}

/** Creates the `serve` function of a server. */
export function createDispatch(
  { middleware, logging, onMasked, observer: first }: CompleteOptions,
  extensions: readonly InstalledExtension[],
  methods: ReadonlyMap<string, AdmittedMethod>,
): Dispatch {
  const wraps = [...middleware, ...extensions.flatMap((extension) => extension.middleware ?? [])];
  const options = { versions: modernVersions, methods };
  const dispatch: Serve = async (request, context) => {
    const { serve } = methods.get(request.method) as AdmittedMethod;
    return serve(request, context);
  };
  const wrapped = wraps.length > 0 ? compose(wraps, dispatch) : undefined;
  let observer: Observer | undefined;
  let observed: Serve | undefined;
  const observe: Dispatch["observe"] = (next) => {
    observer = next;
    observed = next?.middleware?.(wrapped ?? dispatch);
  };
  const serve: Serve = async (request, context) => {
    try {
      const { serve } = admit(request, context, options);
      if (!logging) removeLogLevel(context);
      const outermost = observed !== undefined && isActive(observer) ? observed : wrapped;
      const answer = (outermost ?? serve)(request, context);
      // Awaiting a result that is available already would cost a turn of the microtask queue.
      return isThenable(answer) ? await answer : answer;
    } catch (thrown) {
      const isOwn = isProtocolError(thrown) && !thrown.peer;
      if (!isOwn && isCancelled(thrown, context)) throw cancelled(thrown);
      throw maskError(thrown, (error) => onMasked(error, placeOf(request, methods)));
    }
  };
  observe(first);
  return { serve, observe };
}

/**
 * Returns the method of a request, the tool, prompt or resource that it names, and the id of its trace,
 * on one line of the log.
 */
function placeOf(request: JSONRPCRequest, methods: ReadonlyMap<string, AdmittedMethod>): string {
  const { method, params } = request;
  const name = nameOf(methods.get(method)?.method, params) ?? "";
  const shown = `${method} ${name.slice(0, maxNameLength).replace(/\p{Cc}+/gu, " ")}`;
  return placeIn(shown.trim(), request);
}

/** Removes the log level, so that `context.log` sends nothing. */
function removeLogLevel(context: RequestContext): void {
  if (context.meta?.logLevel === undefined) return;
  context.meta = { ...context.meta, logLevel: undefined };
}

/** Returns true for an error of a cancelled request that needs no report. */
function isCancelled(thrown: unknown, { signal }: RequestContext): boolean {
  if (!signal.aborted) return false;
  if (thrown === signal.reason) return true;
  return isTransportError(thrown)
    ? thrown.reason === "aborted"
    : thrown instanceof Error && thrown.name === "AbortError";
}

function cancelled(thrown: unknown): TransportError {
  if (isTransportError(thrown)) return thrown;
  return new TransportError("aborted", "the request was cancelled", { cause: thrown });
}
