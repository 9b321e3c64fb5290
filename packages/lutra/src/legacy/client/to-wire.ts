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
  const meta = toLegacyMeta(_meta, id);
  const sent = meta === undefined ? rest : { ...rest, _meta: meta };
  return { jsonrpc: "2.0", id, method, ...(Object.keys(sent).length > 0 && { params: sent }) };
}

/** Converts the `_meta` of a request. Returns undefined if nothing is left of it. */
export function toLegacyMeta(sent: unknown, id: number): JSONObject | undefined {
  let meta: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(isObject(sent) ? sent : {})) {
    if (modernKeys.has(key)) continue;
    meta ??= {};
    meta[key] = key === metaKeys.progressToken ? id : value;
  }
  return meta;
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
