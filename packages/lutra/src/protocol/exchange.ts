/**
 * An exchange: one request, its notifications and its result.
 *
 * @spec basic/patterns/index#request-and-response
 */
import type { JSONObject } from "./json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "./json-rpc.ts";
import type { RequestMeta } from "./meta.ts";

/**
 * The claims about a principal. Applications add the members that their authorization server sends by
 * declaration merging.
 */
export interface PrincipalClaims extends JSONObject {}

/** The verified sender of a request. */
export interface Principal {
  /** Identifies the caller across requests; with OAuth, the issuer and the subject. */
  readonly id: string;
  readonly scopes?: readonly string[];
  readonly claims?: PrincipalClaims;
  /**
   * The time from which the credentials are refused, in milliseconds since 1970. Subscriptions end
   * then.
   *
   * @default they do not expire
   */
  readonly expiresAtMs?: number;
}

/** The context of one request. Copy it with `{ ...context }` to replace members. */
export interface RequestContext {
  /** Aborts when the caller no longer waits for the result. */
  readonly signal: AbortSignal;
  /**
   * Sends a notification of this request, before its result. The promise, if there is one, resolves
   * when the reader can take more.
   */
  readonly notify: (notification: JSONRPCNotification) => void | Promise<void>;
  readonly principal?: Principal | undefined;
  /**
   * The network address of the caller, where the transport knows it. Limits distinguish callers
   * without a principal by it; it proves nothing.
   */
  readonly address?: string | undefined;
  /** Returns an HTTP header by its lower-case name. Absent on transports without headers. */
  readonly header?: ((name: string) => string | undefined) | undefined;
  /**
   * All protocol versions that the transport serves, for errors that list them. The server itself
   * knows only those with protocol fields in each request. @default these
   */
  readonly versions?: readonly string[] | undefined;
  /** The protocol fields of the request. A server sets them when it admits the request. */
  meta?: RequestMeta | undefined;
  /** Headers that an HTTP transport adds to the request, for example `Mcp-Param-*`. */
  readonly addHeaders?: { readonly [name: string]: string } | undefined;
  /**
   * Identifies the call to which a request of a client belongs: the same object for all of its rounds
   * and retries.
   */
  readonly call?: object | undefined;
}

/**
 * Answers one request. Sends notifications with `context.notify` and resolves to the result. Rejects
 * with a `ProtocolError`, which the peer receives, or with a `TransportError`, which stays local.
 */
export type Serve = (request: JSONRPCRequest, context: RequestContext) => Promise<Result>;

/** The client's access to one server. */
export interface Transport {
  readonly serve: Serve;
  /** True when tool arguments marked `x-mcp-header` must be mirrored into headers. */
  readonly mirrorsHeaders: boolean;
  /** Ends requests in flight and releases sockets and processes. */
  readonly close: () => Promise<void>;
}

/** Wraps a `Serve`. The type is the same on servers, clients and gateways. */
export type Middleware = (next: Serve) => Serve;

/** Combines middleware with a `Serve`. The first of the list is the outermost. */
export function compose(middleware: readonly Middleware[], serve: Serve): Serve {
  return middleware.reduceRight((next, wrap) => wrap(next), serve);
}
