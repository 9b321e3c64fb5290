/** The four catalogues of a server, compiled from its definitions. */
import type { JSONObject } from "../protocol/json.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { ListChanged } from "../protocol/subscriptions.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { CompiledCatalogue } from "./catalogue.ts";
import { type CompiledTool, compileTool } from "./compile-tool.ts";
import type { RequestStates } from "./handler/request-state.ts";
import { type CompiledPrompt, compilePrompt, type PromptDefinition } from "./prompts.ts";
import {
  type CompiledResource,
  type CompiledTemplate,
  compileResource,
  compileTemplate,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
} from "./resources.ts";
import type { Sealer } from "./seal.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { ToolDefinition } from "./tools.ts";

/** State that `share` may replace after compilation. */
export interface CatalogueRuntime {
  readonly sealer: () => Sealer;
  readonly states: RequestStates;
  readonly handles: HandleStore;
  readonly announce: (what: ListChanged) => void;
}

export interface Catalogues {
  readonly tools: CompiledCatalogue<ToolDefinition, CompiledTool>;
  readonly resources: CompiledCatalogue<ResourceDefinition, CompiledResource>;
  readonly resourceTemplates: CompiledCatalogue<ResourceTemplateDefinition, CompiledTemplate>;
  readonly prompts: CompiledCatalogue<PromptDefinition, CompiledPrompt>;
}

/** Returns the `_meta` of every result, or undefined when `identify` is false. */
export function resultMeta({ identify, info }: CompleteOptions): JSONObject | undefined {
  return identify ? Object.freeze({ [metaKeys.serverInfo]: info }) : undefined;
}

/**
 * Compiles all definitions.
 *
 * @throws {TypeError} for an invalid definition
 */
export function compileCatalogues(options: CompleteOptions, runtime: CatalogueRuntime): Catalogues {
  const meta = resultMeta(options);
  const { pageSize, cache: hints, tools, prompts, extensions } = options;
  const hasResources = (options.resources ?? options.resourceTemplates) !== undefined;
  const shared = { pageSize, hints, meta, sealer: runtime.sealer };
  const schemas = { validator: options.validator, maxValues: options.maxArgumentValues };
  const requirements = (definition: ToolDefinition) =>
    extensions.flatMap((extension) => extension.toolRequirements?.(definition) ?? []);
  const changed = (what: ListChanged) => ({ onChange: () => runtime.announce(what) });
  return {
    tools: new CompiledCatalogue(
      {
        ...shared,
        ...changed("toolsListChanged"),
        field: "tools",
        isOffered: tools !== undefined,
        keyOf: ({ name }) => name,
        compile: (definition) => compileTool(definition, { ...schemas, meta, requirements }),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      tools ?? [],
    ),
    resources: new CompiledCatalogue(
      {
        ...shared,
        ...changed("resourcesListChanged"),
        field: "resources",
        isOffered: hasResources,
        keyOf: ({ uri }) => uri,
        compile: (definition) => compileResource(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      options.resources ?? [],
    ),
    resourceTemplates: new CompiledCatalogue(
      {
        ...shared,
        ...changed("resourcesListChanged"),
        field: "resourceTemplates",
        isOffered: hasResources,
        keyOf: ({ uriTemplate }) => uriTemplate,
        compile: (definition) => compileTemplate(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      options.resourceTemplates ?? [],
    ),
    prompts: new CompiledCatalogue(
      {
        ...shared,
        ...changed("promptsListChanged"),
        field: "prompts",
        isOffered: prompts !== undefined,
        keyOf: ({ name }) => name,
        compile: (definition) => compilePrompt(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      prompts ?? [],
    ),
  };
}

/** Returns true for a URI that is listed or matches a template. */
export function hasResource({ resources, resourceTemplates }: Catalogues, uri: string): boolean {
  if (resources.get(uri) !== undefined) return true;
  for (const { template } of resourceTemplates.values()) if (template.match(uri)) return true;
  return false;
}
