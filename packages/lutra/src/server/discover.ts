/**
 * The declarations of a server: its versions, capabilities and identity.
 *
 * @spec server/discover
 */
import type { ServerCapabilities } from "../protocol/capabilities.ts";
import { type Result, withBytes } from "../protocol/json-rpc.ts";
import { type ListChanged, listChangedMethods } from "../protocol/subscriptions.ts";
import { modernVersions } from "../protocol/versioning.ts";
import { offersResources, resultMeta } from "./catalogues.ts";
import type { CompleteOptions } from "./server-options.ts";

/** Returns the result of `server/discover` for the versions that a transport serves. */
type DiscoverResultFor = (versions?: readonly string[]) => Result;

/** Creates the results of `server/discover`, which are encoded once for each transport. */
export function createDiscoverResult(options: CompleteOptions): DiscoverResultFor {
  const meta = resultMeta(options);
  const encoded = new WeakMap<readonly string[], Result>();
  return (versions = modernVersions) => {
    const known = encoded.get(versions);
    if (known !== undefined) return known;
    const result = withBytes({
      resultType: "complete",
      supportedVersions: versions,
      capabilities: capabilitiesOf(options),
      ...(options.instructions !== undefined && { instructions: options.instructions }),
      ...options.cache,
      ...(meta && { _meta: meta }),
    });
    encoded.set(versions, result);
    return result;
  };
}

/** Returns the capabilities of a server. A list that is declared counts even when it is empty. */
export function capabilitiesOf(options: CompleteOptions): ServerCapabilities {
  const { tools, resourceTemplates, prompts, extensions, logging } = options;
  const hasResources = offersResources(options);
  const completes =
    prompts?.some(({ arguments: args = {} }) => Object.values(args).some((arg) => arg.complete)) ||
    resourceTemplates?.some((template) => template.complete !== undefined);
  const settings = extensions.map(({ id, settings: own = {} }) => [id, own] as const);
  return {
    ...(tools && { tools: { listChanged: true } }),
    ...(hasResources && { resources: { listChanged: true, subscribe: true } }),
    ...(prompts && { prompts: { listChanged: true } }),
    ...(completes && { completions: {} }),
    ...(logging && { logging: {} }),
    ...(settings.length > 0 && { extensions: Object.fromEntries(settings) }),
  };
}

/** Returns the list changes that these capabilities announce. */
export function announcesOf(capabilities: ServerCapabilities): ReadonlySet<ListChanged> {
  const names = Object.keys(listChangedMethods) as ListChanged[];
  return new Set(
    names.filter((name) => {
      const category = name.replace("ListChanged", "") as "tools" | "prompts" | "resources";
      return capabilities[category]?.listChanged === true;
    }),
  );
}
