/**
 * Extensions are values: off until a server lists them.
 *
 * @spec basic/versioning#extension-negotiation
 */
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { isExtensionId } from "../protocol/meta.ts";
import type { Method } from "../protocol/method.ts";

/** A method and the function that serves it. Make one with `serveMethod`. */
export interface ServedMethod {
  readonly method: Method;
  readonly serve: (request: JSONRPCRequest, context: RequestContext) => Result | Promise<Result>;
}

/** Ties a method to the function that serves it; the function gets the checked parameters. */
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

/** Adds methods and behaviour to a server. */
export interface Extension {
  /** `{vendor}/{name}`; the vendor is a reversed domain name. */
  readonly id: string;
  /** Shown in `server/discover`. @default {} */
  readonly settings?: JSONObject;
  /**
   * Methods of the extension. A request for one of them from a client that did not declare the
   * extension is refused with `missingRequiredClientCapability`.
   */
  readonly methods?: readonly ServedMethod[];
  /** Wraps the server's methods, for instance to answer a call with a result type of its own. */
  readonly middleware?: Middleware;
}

/** True when the client declared the extension on this request. */
export function isDeclared(context: RequestContext, id: string): boolean {
  const declared = context.meta?.capabilities.extensions;
  return declared !== undefined && Object.hasOwn(declared, id);
}

/** Checks an extension's identifier, and freezes the value. */
export function defineExtension<const E extends Extension>(extension: E): E {
  requireExtensionIds([extension]);
  return Object.freeze({ ...extension });
}

/** Checks identifiers, also of extensions that were made without `defineExtension`. */
export function requireExtensionIds(extensions: readonly Extension[]): void {
  const ids = extensions.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (!isExtensionId(id)) {
      throw new TypeError(`extension ${id}: expected an identifier such as com.example/name`);
    }
    if (ids.indexOf(id) !== index) throw new TypeError(`extension ${id}: listed twice`);
  }
}
