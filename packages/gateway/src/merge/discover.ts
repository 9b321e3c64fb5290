/**
 * `server/discover` of the merged server: what all speak, and what any of them offers.
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
import { type Caller, ownContext, ownRequest } from "./own-request.ts";
import { askEach, mergedHints, mergedMeta, type Part } from "./parts.ts";

export interface DiscoverOptions {
  readonly upstreams: readonly Upstream[];
  readonly serverMeta: JSONObject;
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export async function mergedDiscover(options: DiscoverOptions, caller: Caller): Promise<Result> {
  const { upstreams, serverMeta, partMs, onWarning } = options;
  const { parts, missing } = await askEach(upstreams, {
    method: discover.name,
    context: caller.context,
    partMs,
    onWarning,
    ask: (upstream, signal) => askDiscover(upstream, caller, signal),
  });
  const answers = parts.map(({ answer }) => answer);
  const instructions = mergedInstructions(parts);
  return {
    resultType: "complete",
    supportedVersions: modernVersions.filter((version) =>
      answers.every(({ supportedVersions }) => supportedVersions.includes(version)),
    ),
    capabilities: mergedCapabilities(answers),
    ...(instructions !== undefined && { instructions }),
    ...mergedHints(answers.map(readCacheHints), missing),
    _meta: mergedMeta(serverMeta, missing),
  };
}

/** Asks one upstream what it offers. One of another era can't be part of a modern server. */
export async function askDiscover(
  upstream: Upstream,
  caller: Caller,
  signal: AbortSignal,
): Promise<DiscoverResult> {
  const request = ownRequest(caller, discover.name, {});
  const context = ownContext(caller, discover.name, signal);
  const result = discover.result(await upstream.serve(request, context));
  if (result.supportedVersions.some((version) => modernVersions.includes(version))) return result;
  throw new TransportError("malformed", "result.supportedVersions: expected a modern version");
}

/**
 * The instructions of all, each under its upstream's name, since what tells a model how to use one
 * server says nothing about the others.
 */
function mergedInstructions(parts: readonly Part<DiscoverResult>[]): string | undefined {
  const sections = parts.flatMap(({ upstream, answer: { instructions } }) =>
    typeof instructions === "string" && instructions.trim() !== ""
      ? [`# ${upstream.name}\n\n${instructions.trim()}`]
      : [],
  );
  return sections.length === 0 ? undefined : sections.join("\n\n");
}

/**
 * What any of the upstreams declares, the merged server offers. Of an extension's settings, and of
 * experimental features, only those members are shown that all who declare it agree on: a client
 * must be able to rely on them whichever upstream answers.
 *
 * @spec basic/versioning#extension-negotiation
 */
function mergedCapabilities(answers: readonly DiscoverResult[]): JSONObject {
  const merged: Record<string, unknown> = {};
  for (const { capabilities } of answers) {
    for (const [name, declared] of Object.entries(capabilities as JSONObject)) {
      if (isObject(declared) && !agreed.has(name)) {
        merged[name] = anyOf(merged[name], declared);
      }
    }
  }
  for (const name of agreed) {
    const declared = answers.map(({ capabilities }) => (capabilities as JSONObject)[name]);
    const members = declared.filter(isObject);
    if (members.length > 0) merged[name] = mergedSettings(members);
  }
  return merged;
}

/** The capabilities whose members are someone else's to define. */
const agreed: ReadonlySet<string> = new Set(["extensions", "experimental"]);

/** A flag that any of them sets is set. */
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
