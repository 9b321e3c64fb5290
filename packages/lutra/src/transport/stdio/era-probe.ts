/**
 * The first request to a new server process, which shows if it speaks an earlier revision.
 *
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 */
import { discover } from "../../protocol/discover.ts";
import {
  type Evidence,
  evidenceInError,
  evidenceInVersions,
} from "../../protocol/earlier-revision.ts";
import { isProtocolError } from "../../protocol/errors.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import {
  isTransportError,
  TransportError,
  type TransportErrorReason,
} from "../../protocol/transport-error.ts";
import { latestVersion } from "../../protocol/versioning.ts";
import { within } from "../../time/within.ts";

/** The connection to the server that is probed. */
export interface Probed {
  readonly send: (request: JSONRPCRequest, signal: AbortSignal) => Promise<Result>;
  /** Ends the probe early. */
  readonly signal: AbortSignal;
  /** Maximum time for a response, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The outcome of a probe: undefined for a server of this revision, and for one that has exited;
 * `silent` for one that does not answer in time, which may still be starting, or wait for
 * `initialize`; `unclear` for an answer that fits neither era; or else the evidence for an earlier one.
 */
export type ProbeOutcome = Evidence | "silent" | "unclear" | undefined;

/** Errors that only the current revision has. */
const modernReasons: ReadonlySet<string> = new Set([
  "unsupportedProtocolVersion",
  "headerMismatch",
  "missingRequiredClientCapability",
]);

/**
 * Sends `server/discover`.
 *
 * @param meta - the protocol fields of the request that the server was started for
 */
export async function probeDiscover(probed: Probed, meta: JSONObject): Promise<ProbeOutcome> {
  const { [metaKeys.clientInfo]: clientInfo, [metaKeys.clientCapabilities]: declared = {} } = meta;
  const _meta = {
    [metaKeys.protocolVersion]: meta[metaKeys.protocolVersion] ?? latestVersion,
    ...(clientInfo !== undefined && { [metaKeys.clientInfo]: clientInfo }),
    [metaKeys.clientCapabilities]: declared,
  };
  try {
    const { supportedVersions } = await ask(probed, discover.name, { _meta });
    if (!Array.isArray(supportedVersions)) return "unclear";
    return evidenceInVersions(supportedVersions);
  } catch (error) {
    if (isTransportError(error)) return outcomes[error.reason];
    const isModern = isProtocolError(error) && modernReasons.has(error.reason);
    return evidenceInError(error) ?? (isModern ? undefined : "unclear");
  }
}

/** The outcomes of failures without an answer. */
const outcomes: { readonly [Reason in TransportErrorReason]?: ProbeOutcome } = {
  timeout: "silent",
  malformed: "unclear",
};

function ask(
  { send, signal, timeoutMs }: Probed,
  method: string,
  params: JSONObject,
): Promise<Result> {
  const tooLate = () => new TransportError("timeout", `No response to ${method}`);
  const request = { jsonrpc: "2.0", id: 0, method, params } as const;
  return within({ signal, ms: timeoutMs, tooLate }, (limited) => send(request, limited));
}
