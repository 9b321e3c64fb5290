/**
 * `server/discover` of the merged server: the versions that all upstreams support, and the
 * capabilities that any upstream declares.
 *
 * @spec server/discover
 */
import {
  canonicalJSON,
  type DiscoverResult,
  discover,
  isObject,
  type JSONObject,
  modernVersions,
  type Result,
  readCacheHints,
  TransportError,
} from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { askUpstreams, type UpstreamAnswer } from "./ask-upstreams.ts";
import { isStale, mergedHints, mergedMeta } from "./merged-result.ts";
import { ownContext, ownRequest, type ReceivedRequest } from "./own-request.ts";

export interface MergedDiscoverOptions {
  readonly upstreams: readonly Upstream[];
  readonly serverMeta: JSONObject;
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export async function mergedDiscover(
  options: MergedDiscoverOptions,
  received: ReceivedRequest,
): Promise<Result> {
  const { upstreams, serverMeta, partMs, onWarning } = options;
  const { answers, missing } = await askUpstreams(upstreams, {
    method: discover.name,
    context: received.context,
    partMs,
    onWarning,
    ask: (upstream, signal) => askDiscover(upstream, received, signal),
  });
  const results = answers.map(({ answer }) => answer);
  const stale = answers
    .filter(({ answer }) => isStale(answer))
    .map(({ upstream }) => upstream.name);
  const instructions = mergedInstructions(answers);
  return {
    resultType: "complete",
    supportedVersions: modernVersions.filter((version) =>
      results.every(({ supportedVersions }) => supportedVersions.includes(version)),
    ),
    capabilities: mergedCapabilities(results),
    ...(instructions !== undefined && { instructions }),
    ...mergedHints(results.map(readCacheHints), missing),
    _meta: mergedMeta(serverMeta, { missing, stale }),
  };
}

/**
 * Sends `server/discover` to one upstream.
 *
 * @throws {TransportError} `malformed` for a legacy server, which a modern server can't include
 */
export async function askDiscover(
  upstream: Upstream,
  received: ReceivedRequest,
  signal: AbortSignal,
): Promise<DiscoverResult> {
  const request = ownRequest(received, discover.name, {});
  const context = ownContext(received, discover.name, signal);
  const result = discover.result(await upstream.serve(request, context));
  if (result.supportedVersions.some((version) => modernVersions.includes(version))) return result;
  throw new TransportError("malformed", "result.supportedVersions: expected a modern version");
}

/**
 * Returns the instructions of all upstreams. Each has the name of its upstream as its heading,
 * because it tells a model how to use that one server.
 */
function mergedInstructions(
  answers: readonly UpstreamAnswer<DiscoverResult>[],
): string | undefined {
  const sections = answers.flatMap(({ upstream, answer: { instructions } }) =>
    typeof instructions === "string" && instructions.trim() !== ""
      ? [`# ${upstream.name}\n\n${instructions.trim()}`]
      : [],
  );
  return sections.length === 0 ? undefined : sections.join("\n\n");
}

/**
 * Returns the capabilities that any upstream declares. Settings of extensions and of experimental
 * features are limited to the members that are equal in all upstreams that declare them, because a
 * client must be able to rely on them for each upstream.
 *
 * @spec basic/versioning#extension-negotiation
 */
function mergedCapabilities(results: readonly DiscoverResult[]): JSONObject {
  const merged: Record<string, unknown> = {};
  for (const { capabilities } of results) {
    for (const [name, declared] of Object.entries(capabilities as JSONObject)) {
      if (isObject(declared) && !openCapabilities.has(name)) {
        merged[name] = anyOf(merged[name], declared);
      }
    }
  }
  for (const name of openCapabilities) {
    const declared = results.map(({ capabilities }) => (capabilities as JSONObject)[name]);
    const members = declared.filter(isObject);
    if (members.length > 0) merged[name] = mergedSettings(members);
  }
  return merged;
}

/** The capabilities whose members the specification does not define. */
const openCapabilities: ReadonlySet<string> = new Set(["extensions", "experimental"]);

/** Merges two declarations of a capability: a flag is set if either declaration sets it. */
function anyOf(known: unknown, declared: JSONObject): JSONObject {
  const both: Record<string, unknown> = { ...declared, ...(isObject(known) ? known : {}) };
  for (const [name, value] of Object.entries(declared)) if (value === true) both[name] = true;
  return both;
}

function mergedSettings(declared: readonly JSONObject[]): JSONObject {
  const merged: Record<string, JSONObject> = {};
  for (const id of new Set(declared.flatMap((members) => Object.keys(members)))) {
    const settings = declared.map((members) => members[id]).filter(isObject);
    const [first = {}] = settings;
    merged[id] = Object.fromEntries(
      Object.entries(first).filter(([name, value]) =>
        settings.every((other) => canonicalJSON([other[name]]) === canonicalJSON([value])),
      ),
    );
  }
  return merged;
}
