/**
 * `initialize`: opens a legacy session with the result of `server/discover`.
 *
 * @spec 2025-11-25/basic/lifecycle#initialization
 */
import { discover } from "../protocol/discover.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { has, negotiate } from "./revisions.ts";
import { withProtocolFields } from "./serve-legacy.ts";
import { createSession, type Session } from "./session.ts";

export const initializedMethod = "notifications/initialized";

export interface InitializeOptions {
  readonly serve: Serve;
  readonly context: Pick<RequestContext, "signal" | "principal" | "address">;
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly expiresAt: number;
}

/** Opens a session. Returns it with the result of `initialize`. */
export async function initialize(
  { id, params = {} }: JSONRPCRequest,
  { serve, context, versions, expiresAt }: InitializeOptions,
): Promise<{ readonly session: Session; readonly result: Result }> {
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== "string") {
    throw invalidParams(
      `params.protocolVersion: expected a string; this server supports ${versions.join(", ")}`,
    );
  }
  const version = negotiate(protocolVersion, versions);
  const session = createSession({ version, capabilities, clientInfo }, expiresAt);
  const request = {
    jsonrpc: "2.0",
    id,
    method: discover.name,
    params: withProtocolFields(undefined, { session, level: "info" }),
  } as const;
  const found = discover.result(await serve(request, { ...context, notify: () => {} }));
  const result = {
    protocolVersion: version,
    capabilities: serverCapabilities(found.capabilities as JSONObject, version),
    serverInfo: serverInfo(found._meta?.[metaKeys.serverInfo], version),
    ...(found.instructions !== undefined && { instructions: found.instructions }),
  };
  return { session, result };
}

/** Returns the capabilities that a revision has. Extensions, and with them tasks, are not among them. */
function serverCapabilities(capabilities: JSONObject, version: string): JSONObject {
  const { extensions: _, completions, ...known } = capabilities;
  return completions === undefined || !has(version, "annotations")
    ? known
    : { ...known, completions };
}

function serverInfo(info: unknown, version: string): JSONObject {
  if (!isObject(info)) return { name: "unknown", version: "unknown" };
  if (has(version, "icons")) return info;
  const { name, version: own, title } = info;
  if (!has(version, "structuredContent") || title === undefined) return { name, version: own };
  return { name, title, version: own };
}
