/** The four catalogues of a server, compiled from its definitions. */
import type { Principal } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { ListChanged } from "../protocol/subscriptions.ts";
import { isURI, normalURI } from "../protocol/uri.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { CompiledCatalogue } from "./catalogue.ts";
import { type CompiledTool, compileTool } from "./compile-tool.ts";
import type { RequestStates } from "./handler/request-state.ts";
import type { RoundSettings } from "./handler/round-state.ts";
import { type CompiledPrompt, compilePrompt, type PromptDefinition } from "./prompts.ts";
import {
  type CompiledResource,
  type CompiledTemplate,
  compileResource,
  compileTemplate,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
} from "./resources.ts";
import { isPermitted } from "./scopes.ts";
import type { Sealer } from "./seal.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { ToolDefinition } from "./tools.ts";

/** State that `share` may replace after compilation. */
export interface CatalogueRuntime {
  readonly sealer: () => Sealer;
  readonly states: RequestStates;
  readonly handles: HandleStore;
  readonly settings: RoundSettings;
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

/** Returns true for a server with resources of its own, or of an extension. */
export function offersResources(options: CompleteOptions): boolean {
  const { resources, resourceTemplates, extensions } = options;
  const isDeclared = resources !== undefined || resourceTemplates !== undefined;
  return isDeclared || extensions.some(({ hasResources = false }) => hasResources);
}

/**
 * Compiles all definitions.
 *
 * @throws {TypeError} for an invalid definition
 */
export function compileCatalogues(options: CompleteOptions, runtime: CatalogueRuntime): Catalogues {
  const meta = resultMeta(options);
  const { pageSize, cache: hints, tools, prompts, extensions } = options;
  const { validator, onMasked, onWarning, exposeErrors } = options;
  const tooling = { validator, onMasked, onWarning, exposeErrors };
  const hasResources = offersResources(options);
  const shared = { pageSize, hints, meta, sealer: runtime.sealer };
  const requirements = (definition: ToolDefinition) =>
    extensions.flatMap((extension) => extension.toolRequirements?.(definition) ?? []);
  const settings = extensions.flatMap(({ toolSettings = [] }) => toolSettings);
  const changed = (what: ListChanged) => ({ onChange: () => runtime.announce(what) });
  return {
    tools: new CompiledCatalogue(
      {
        ...shared,
        ...changed("toolsListChanged"),
        field: "tools",
        isOffered: tools !== undefined,
        keyOf: ({ name }) => name,
        compile: (definition) =>
          compileTool(definition, { ...tooling, meta, requirements, settings }),
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
        normal: normalURI,
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

/** Returns true for a URI that is listed or matches a template, if the caller has its scopes. */
export function mayFollow(
  catalogues: Catalogues,
  uri: string,
  principal: Principal | undefined,
): boolean {
  const resource = catalogues.resources.get(uri);
  if (resource !== undefined) return isPermitted(resource.scopes, principal);
  const found = findTemplate(catalogues, uri);
  return found !== undefined && isPermitted(found.compiled.scopes, principal, found.variables);
}

/** A template, and the variables of a URI that matches it. */
interface TemplateMatch {
  readonly compiled: CompiledTemplate;
  readonly variables: { readonly [name: string]: string };
}

/**
 * Returns the first template that a URI matches. Text that is not a URI matches none.
 *
 * @spec server/resources#security-considerations
 */
export function findTemplate(
  { resourceTemplates }: Catalogues,
  uri: string,
): TemplateMatch | undefined {
  if (!isURI(uri)) return undefined;
  for (const compiled of resourceTemplates.values()) {
    const variables = compiled.template.match(uri);
    if (variables !== undefined) return { compiled, variables };
  }
  return undefined;
}
