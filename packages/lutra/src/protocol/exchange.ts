/**
 * One request, its notifications and its result: the type that everything else is made of.
 *
 * @spec basic/patterns/index#request-and-response
 */
import type { JSONObject } from "./json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "./json-rpc.ts";
import type { RequestMeta } from "./meta.ts";

/** Who sent a request, as far as the transport has verified it. */
export interface Principal {
  /** Identifies the caller across requests; for OAuth the issuer and the subject. */
  readonly id: string;
  readonly scopes?: readonly string[];
  readonly claims?: JSONObject;
}

/** What belongs to one request beside its message. */
export interface RequestContext {
  /** Aborts when the caller no longer waits for the result. */
  readonly signal: AbortSignal;
  /**
   * Sends a notification that belongs to this request, ahead of its result. The promise, where
   * there is one, resolves when the reader can take more.
   */
  readonly notify: (notification: JSONRPCNotification) => void | Promise<void>;
  readonly principal?: Principal | undefined;
  /** Reads an HTTP header by its lower-case name. Absent on transports that have no headers. */
  readonly header?: ((name: string) => string | undefined) | undefined;
  /** The protocol fields of the request; a server sets them when it admits the request. */
  meta?: RequestMeta | undefined;
  /** Headers that an HTTP transport adds to the request, such as `Mcp-Param-*`. */
  readonly addHeaders?: { readonly [name: string]: string } | undefined;
}

/**
 * Answers one request. Notifications go out through `context.notify`; the promise is the result.
 * Rejects with a `ProtocolError` for what the peer is told, a `TransportError` for what it is not.
 */
export type Serve = (request: JSONRPCRequest, context: RequestContext) => Promise<Result>;

/** Carries requests to a server somewhere else. */
export interface Transport {
  readonly serve: Serve;
  /** True when tool arguments marked `x-mcp-header` must be mirrored into headers. */
  readonly mirrorsHeaders: boolean;
  /** Ends what is in flight and frees sockets and processes. */
  readonly close: () => Promise<void>;
}

/** Wraps a `Serve`; servers, clients and gateways take the same ones. */
export type Middleware = (next: Serve) => Serve;

/** The first middleware of the list is the outermost. */
export function compose(middleware: readonly Middleware[], serve: Serve): Serve {
  return middleware.reduceRight((next, wrap) => wrap(next), serve);
}
