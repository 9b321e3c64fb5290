/**
 * A switch for deprecated features: a server treats every client as one without them.
 *
 * @spec deprecated#deprecated
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import type { DeprecatedFeature } from "../protocol/deprecations.ts";
import type { Middleware } from "../protocol/exchange.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { requireArray } from "../protocol/known-members.ts";
import { metaKeys } from "../protocol/meta.ts";

/** The deprecated features that requests and results show. */
export type SwitchableFeature = Exclude<DeprecatedFeature, "dynamicClientRegistration" | "httpSse">;

/** The features that `switchOff` accepts. */
export const switchableFeatures: readonly SwitchableFeature[] = Object.freeze([
  "roots",
  "sampling",
  "logging",
  "includeContext",
]);

/**
 * Creates middleware that switches deprecated features off, for `createServer` and for gateways. The
 * capabilities that clients declare for them are removed, so a handler that needs one fails with
 * `missingRequiredClientCapability`. No log messages are sent.
 *
 * @throws {TypeError} for an unknown feature
 * @example
 * ```ts
 * createServer({ name: "calculator", version: "1.0.0", middleware: [switchOff(["roots"])] });
 * ```
 */
export function switchOff(features: readonly SwitchableFeature[]): Middleware {
  requireArray("switchOff", features);
  const unknown = features.find((feature) => !switchableFeatures.includes(feature));
  if (unknown !== undefined) {
    throw new TypeError(`switchOff: expected ${switchableFeatures.join(", ")}, got "${unknown}"`);
  }
  const off: ReadonlySet<SwitchableFeature> = new Set(features);
  return (next) => (request, context) => {
    const { meta } = context;
    if (meta !== undefined) {
      const capabilities = reducedCapabilities(meta.capabilities, off);
      context.meta = { ...meta, capabilities, ...(off.has("logging") && { logLevel: undefined }) };
    }
    const answer = next(reducedRequest(request, off), context);
    return off.has("logging") ? answer.then(withoutLogging) : answer;
  };
}

/** Returns the request as its server receives it from a client without the features. */
function reducedRequest(
  request: JSONRPCRequest,
  off: ReadonlySet<SwitchableFeature>,
): JSONRPCRequest {
  const sent = request.params?._meta;
  if (!isObject(sent)) return request;
  const { [metaKeys.logLevel]: logLevel, ...others } = sent;
  const declared = others[metaKeys.clientCapabilities];
  const _meta: JSONObject = {
    ...others,
    ...(isObject(declared) && {
      [metaKeys.clientCapabilities]: reducedCapabilities(declared, off) as JSONObject,
    }),
    ...(logLevel !== undefined && !off.has("logging") && { [metaKeys.logLevel]: logLevel }),
  };
  return { ...request, params: { ...request.params, _meta } };
}

function reducedCapabilities(
  { roots, sampling, ...others }: ClientCapabilities,
  off: ReadonlySet<SwitchableFeature>,
): ClientCapabilities {
  return {
    ...others,
    ...(roots && !off.has("roots") && { roots }),
    ...(sampling && !off.has("sampling") && { sampling: reducedSampling(sampling, off) }),
  };
}

/** @spec client/sampling#capabilities */
function reducedSampling(
  sampling: NonNullable<ClientCapabilities["sampling"]>,
  off: ReadonlySet<SwitchableFeature>,
): NonNullable<ClientCapabilities["sampling"]> {
  if (!off.has("includeContext")) return sampling;
  const { context: _, ...others } = sampling;
  return others;
}

/** Removes the capability from the result of `server/discover`, and returns other results unchanged. */
function withoutLogging(result: Result): Result {
  const { supportedVersions, capabilities } = result;
  if (supportedVersions === undefined || !isObject(capabilities)) return result;
  const { logging: _, ...others } = capabilities;
  return { ...result, capabilities: others };
}
