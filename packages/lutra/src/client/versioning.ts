/**
 * Version negotiation: a server that refuses a version lists those that it supports.
 *
 * @spec basic/versioning#protocol-version-negotiation
 */
import { isProtocolError } from "../protocol/errors.ts";
import { isObject } from "../protocol/json.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestMetaSource } from "./request-meta.ts";

export interface Versions {
  /** Switches to a version from the server's list. Returns false when none is in common. */
  readonly choose: (supported: unknown) => boolean;
  /**
   * Switches to a version from the list of a server that refused one. Returns false for other
   * errors, and when none is in common.
   */
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
