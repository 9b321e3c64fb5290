import { type JSONObject, latestVersion, metaKeys } from "lutra/protocol";
import { version } from "../own-version.ts";

/**
 * The `_meta` of the requests that the gateway itself sends.
 *
 * @spec basic/index#meta
 */
export const ownMeta: JSONObject = Object.freeze({
  [metaKeys.protocolVersion]: latestVersion,
  [metaKeys.clientInfo]: Object.freeze({ name: "lutra-gateway", version }),
  [metaKeys.clientCapabilities]: Object.freeze({}),
});
