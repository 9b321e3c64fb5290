/**
 * What every request says of itself in `_meta`: version, client and capabilities.
 *
 * @spec basic/index#meta
 */
import type { JSONObject } from "../protocol/json.ts";
import type { RequestId } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { CompleteOptions } from "./options.ts";
import type { RequestOptions } from "./request-options.ts";

export interface RequestMetaSource {
  /** The `_meta` of a request. The progress token is its id, which no other request has. */
  readonly metaOf: (id: RequestId, options: RequestOptions) => JSONObject;
  /** The protocol version in use. */
  readonly version: () => string;
  /** Changes the version of all further requests. */
  readonly setVersion: (version: string) => void;
}

/** Makes the members that all requests share once for each version. */
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
