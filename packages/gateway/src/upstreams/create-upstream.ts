import { compose, coreMethods } from "lutra/protocol";
import type { SealKey } from "lutra/server";
import type { UpstreamConfig } from "../config/schema.ts";
import { createCommandUpstream } from "./command-upstream.ts";
import { createHttpUpstream, type HttpUpstreamOptions } from "./http-upstream.ts";
import { createModuleUpstream, type RunModule } from "./module-upstream.ts";
import type { Upstream } from "./upstream.ts";
import { type PolicyInput, upstreamPolicies } from "./upstream-policies.ts";
import { visibilityOf } from "./visibility.ts";

export interface CreateUpstreamOptions extends HttpUpstreamOptions {
  /** Runs modules in processes. Required for an upstream with a `module`. */
  readonly modules?: RunModule | undefined;
  /** The keys of the configuration, for modules. */
  readonly keys?: readonly SealKey[] | undefined;
}

/**
 * Creates an upstream of the configured kind, with the policies of its configuration.
 *
 * @throws {TypeError} for a `module` without `modules`
 */
export function createUpstream(
  name: string,
  config: UpstreamConfig,
  options: CreateUpstreamOptions = {},
): Upstream {
  const { methods = [], onWarning } = options;
  const known = new Map([...coreMethods, ...methods].map((method) => [method.name, method]));
  return withPolicies(ofKind(name, config, options), { name, config, methods: known, onWarning });
}

/** Returns the upstream with the policies for requests that come from routes. */
export function withPolicies(upstream: Upstream, input: PolicyInput): Upstream {
  const serve = compose(upstreamPolicies("routes", input), upstream.serve);
  const visibility = visibilityOf(input.config);
  return { ...upstream, serve, ...(visibility && { visibility }) };
}

function ofKind(
  name: string,
  config: UpstreamConfig,
  { modules, keys, ...options }: CreateUpstreamOptions,
): Upstream {
  const { command, module } = config;
  if (command !== undefined) return createCommandUpstream(name, { ...config, command }, options);
  if (module === undefined) return createHttpUpstream(name, config, options);
  if (modules === undefined) {
    throw new TypeError(
      `upstreams.${name}.module: requires the option "modules", or the command "lutra gateway"`,
    );
  }
  return createModuleUpstream(name, { ...config, module }, { ...options, modules, keys });
}
