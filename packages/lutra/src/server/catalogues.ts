/** The four catalogues of a server, compiled from its definitions. */
import type { JSONObject } from "../protocol/json.ts";
import { metaKeys } from "../protocol/meta.ts";
import type { ListChanged } from "../protocol/subscriptions.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { type CatalogueInit, CompiledCatalogue } from "./catalogue.ts";
import { type CompiledTool, compileTool } from "./compile-tool.ts";
import type { RequestStates } from "./handler/request-state.ts";
import type { HandlerSettings } from "./handler/round.ts";
import type { CompiledPrompt, PromptDefinition } from "./prompts.ts";
import type {
  CompiledResource,
  CompiledTemplate,
  ResourceDefinition,
  ResourceTemplateDefinition,
} from "./resources.ts";
import type { Sealer } from "./seal.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { ToolDefinition } from "./tools.ts";

/** State that `share` may replace after compilation. */
export interface CatalogueRuntime {
  readonly sealer: () => Sealer;
  readonly states: RequestStates;
  readonly handles: HandleStore;
  readonly settings: HandlerSettings;
  readonly announce: (what: ListChanged) => void;
}

export interface Catalogues {
  readonly tools: CompiledCatalogue<ToolDefinition, CompiledTool>;
  readonly resources: CompiledCatalogue<ResourceDefinition, CompiledResource>;
  readonly resourceTemplates: CompiledCatalogue<ResourceTemplateDefinition, CompiledTemplate>;
  readonly prompts: CompiledCatalogue<PromptDefinition, CompiledPrompt>;
}

/** The members that the catalogues of one server have in common. */
export interface SharedInit
  extends Pick<CatalogueInit<never, never>, "pageSize" | "hints" | "meta" | "sealer">,
    Pick<CatalogueRuntime, "announce"> {}

/** Compiles the definitions beside tools. */
export type CompileEntries = (
  options: CompleteOptions,
  shared: SharedInit,
) => Omit<Catalogues, "tools">;

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
export function compileCatalogues(
  options: CompleteOptions,
  runtime: CatalogueRuntime,
  compileEntries: CompileEntries,
): Catalogues {
  const meta = resultMeta(options);
  const { pageSize, cache: hints, tools, extensions } = options;
  const { validator, onMasked, onWarning, exposeErrors } = options;
  const tooling = { validator, onMasked, onWarning, exposeErrors };
  const shared = { pageSize, hints, meta, sealer: runtime.sealer };
  const requirements = (definition: ToolDefinition) =>
    extensions.flatMap((extension) => extension.toolRequirements?.(definition) ?? []);
  const settings = extensions.flatMap(({ toolSettings = [] }) => toolSettings);
  return {
    tools: new CompiledCatalogue(
      {
        ...shared,
        onChange: () => runtime.announce("toolsListChanged"),
        field: "tools",
        isOffered: tools !== undefined,
        keyOf: ({ name }) => name,
        compile: (definition) =>
          compileTool(definition, { ...tooling, meta, requirements, settings }),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      tools ?? [],
    ),
    ...compileEntries(options, { ...shared, announce: runtime.announce }),
  };
}
