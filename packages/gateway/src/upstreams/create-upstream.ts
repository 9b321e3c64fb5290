import { coreMethods } from "lutra/protocol";
import type { SealKey } from "lutra/server";
import type { UpstreamConfig } from "../config/schema.ts";
import { withAppPolicy } from "./app-policy.ts";
import { createCommandUpstream } from "./command-upstream.ts";
import { createHttpUpstream, type HttpUpstreamOptions } from "./http-upstream.ts";
import { withListHints } from "./list-hints.ts";
import { createModuleUpstream, type RunModule } from "./module-upstream.ts";
import type { Upstream } from "./upstream.ts";
import { withVisibility } from "./visibility.ts";

export interface CreateUpstreamOptions extends HttpUpstreamOptions {
  /** Runs modules in processes. Required for an upstream with a `module`. */
  readonly modules?: RunModule | undefined;
  /** The keys of the configuration, for modules. */
  readonly keys?: readonly SealKey[] | undefined;
}

/**
 * Creates an upstream of the configured kind.
 *
 * @throws {TypeError} for a `module` without `modules`
 */
export function createUpstream(
  name: string,
  config: UpstreamConfig,
  options: CreateUpstreamOptions = {},
): Upstream {
  const methods = new Map(
    [...coreMethods, ...(options.methods ?? [])].map((method) => [method.name, method]),
  );
  const upstream = withListHints(ofKind(name, config, options), config, methods);
  return withVisibility(withAppPolicy(upstream, config), config, methods);
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
