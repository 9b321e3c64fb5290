/** Requests of the current revision in the form of the legacy ones. */
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { type Implementation, metaKeys } from "../../protocol/meta.ts";
import { capabilitiesIn } from "../session.ts";

/** The members of `_meta` that the current revision has added. `initialize` has declared them once. */
const modernKeys: ReadonlySet<string> = new Set(
  Object.values(metaKeys).filter((key) => key !== metaKeys.progressToken),
);

/**
 * Converts a request. Its progress token, if it has one, becomes its id.
 *
 * @param id The id on the connection, where the requests of several callers may be in flight
 */
export function toLegacyRequest({ method, params }: JSONRPCRequest, id: number): JSONObject {
  const { _meta, inputResponses: _responses, requestState: _state, ...rest } = params ?? {};
  const meta: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(isObject(_meta) ? _meta : {})) {
    if (!modernKeys.has(key)) meta[key] = key === metaKeys.progressToken ? id : value;
  }
  const sent = Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest;
  return { jsonrpc: "2.0", id, method, ...(Object.keys(sent).length > 0 && { params: sent }) };
}

/** The client, as `initialize` introduces it. */
export interface ClientIntroduction {
  readonly capabilities: JSONObject;
  readonly clientInfo: Implementation;
}

/** Reads the protocol fields of a request, for `initialize`. */
export function introduce(params: JSONObject | undefined, version: string): ClientIntroduction {
  const meta = isObject(params?._meta) ? params._meta : {};
  const { [metaKeys.clientInfo]: info, [metaKeys.clientCapabilities]: declared } = meta;
  return {
    capabilities: capabilitiesIn(declared, version) as JSONObject,
    // The legacy revisions require an identity, which callers of the current one may leave out.
    clientInfo: isObject(info)
      ? (info as unknown as Implementation)
      : { name: "anonymous", version: "0" },
  };
}
