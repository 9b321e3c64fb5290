import type { UpstreamConfig } from "../config/schema.ts";
import { createCommandUpstream } from "./command-upstream.ts";
import { createHttpUpstream, type HttpUpstreamOptions } from "./http-upstream.ts";
import { createModuleUpstream, type RunModule } from "./module-upstream.ts";
import type { Upstream } from "./upstream.ts";

export interface CreateUpstreamOptions extends HttpUpstreamOptions {
  /** Runs modules in processes; needed where the configuration names some. */
  readonly modules?: RunModule | undefined;
}

/**
 * Makes the kind of upstream that the configuration asks for.
 *
 * @throws {TypeError} for a module when there is nothing to run it with
 */
export function createUpstream(
  name: string,
  config: UpstreamConfig,
  { modules, ...options }: CreateUpstreamOptions = {},
): Upstream {
  const { command, module } = config;
  if (command !== undefined) return createCommandUpstream(name, { ...config, command }, options);
  if (module === undefined) return createHttpUpstream(name, config, options);
  if (modules === undefined) {
    throw new TypeError(`upstreams.${name}.module: this program runs no modules`);
  }
  return createModuleUpstream(name, { ...config, module }, { ...options, modules });
}
