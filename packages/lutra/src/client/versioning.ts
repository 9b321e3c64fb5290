/**
 * Version negotiation: a server that refuses a version names those it speaks, and the request is
 * sent once more in one that both know.
 *
 * @spec basic/versioning#protocol-version-negotiation
 */
import { isProtocolError } from "../protocol/errors.ts";
import type { Middleware } from "../protocol/exchange.ts";
import { isObject } from "../protocol/json.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestMetaSource } from "./request-meta.ts";

export interface Versions {
  /**
   * Moves on to a version from the server's list. False when there is none in common.
   */
  readonly choose: (supported: unknown) => boolean;
  /** Moves on to a version that a refusal names. False for errors that are no such refusal. */
  readonly renegotiate: (error: unknown) => boolean;
}

export function createVersions(options: CompleteOptions, meta: RequestMetaSource): Versions {
  const choose = (supported: unknown): boolean => {
    if (!Array.isArray(supported)) return false;
    const version = options.versions.find((known) => supported.includes(known));
    if (version === undefined) return false;
    if (version !== meta.version()) meta.setVersion(version);
    return true;
  };
  return {
    choose,
    renegotiate: (error) => {
      if (!isProtocolError(error) || !error.peer) return false;
      if (error.reason !== "unsupportedProtocolVersion" || !isObject(error.data)) return false;
      return choose(error.data.supported);
    },
  };
}

/**
 * Sends a refused request once more. That includes the case that the server lists the very version
 * it has just refused: behind one address there may be servers of several versions.
 */
export function renegotiateVersion(
  versions: Versions,
  meta: RequestMetaSource,
  nextId: () => number,
): Middleware {
  return (next) => async (request, context) => {
    try {
      return await next(request, context);
    } catch (error) {
      if (context.signal.aborted || !versions.renegotiate(error)) throw error;
      const { params } = request;
      const _meta = {
        ...(params?._meta as object | undefined),
        [metaKeys.protocolVersion]: meta.version(),
      };
      return next({ ...request, id: nextId(), params: { ...params, _meta } }, context);
    }
  };
}
