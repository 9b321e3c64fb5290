/**
 * The `_meta` of every request: version, client and capabilities.
 *
 * @spec basic/index#meta
 */
import type { JSONObject } from "../protocol/json.ts";
import type { RequestId } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestOptions } from "./request-options.ts";

export interface RequestMetaSource {
  /** Returns the `_meta` of a request. The progress token is the request's id, which is unique. */
  readonly metaOf: (id: RequestId, options: RequestOptions) => JSONObject;
  /** Returns the protocol version in use. */
  readonly version: () => string;
  /** Sets the version of all later requests. */
  readonly setVersion: (version: string) => void;
}

/** Creates the source of `_meta`. The members that all requests share are created once per version. */
export function createRequestMeta(options: CompleteOptions): RequestMetaSource {
  const { clientInfo, identify, capabilities, logLevel } = options;
  const [preferred] = options.versions;
  let version = preferred as string;
  let shared = sharedMembers();

  function sharedMembers(): JSONObject {
    return Object.freeze({
      [metaKeys.protocolVersion]: version,
      ...(identify && { [metaKeys.clientInfo]: clientInfo }),
      [metaKeys.clientCapabilities]: capabilities,
    });
  }

  return {
    version: () => version,
    setVersion: (next) => {
      version = next;
      shared = sharedMembers();
    },
    metaOf: (id, { meta, onProgress, onLog }) => {
      if (meta === undefined && onProgress === undefined && onLog === undefined) return shared;
      return {
        ...meta,
        ...shared,
        ...(onProgress && { [metaKeys.progressToken]: id }),
        ...(onLog && { [metaKeys.logLevel]: logLevel }),
      };
    },
  };
}
