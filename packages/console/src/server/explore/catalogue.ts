/** The lists of a server, for the page. */
import { readAppToolMeta } from "lutra/apps";
import type { Client } from "lutra/client";
import {
  type DiscoverResult,
  isObject,
  metaKeys,
  type Prompt,
  type Resource,
  type ResourceTemplate,
  type ServerCapabilities,
  type Tool,
} from "lutra/protocol";
import { messageOf } from "./run-call.ts";

/** One list, or the reason why it is missing. */
export interface Listed<Entry> {
  readonly entries: readonly Entry[];
  /** True if the server declares the feature. */
  readonly isOffered: boolean;
  readonly problem?: string;
}

export interface Catalogue {
  readonly server: {
    readonly name?: unknown;
    readonly title?: unknown;
    readonly version?: unknown;
  };
  readonly era: string | undefined;
  readonly supportedVersions: readonly string[];
  readonly capabilities: ServerCapabilities;
  readonly instructions?: string;
  readonly tools: Listed<Tool>;
  readonly resources: Listed<Resource>;
  readonly templates: Listed<ResourceTemplate>;
  readonly prompts: Listed<Prompt>;
  /** Absent if the page can't show apps. */
  readonly apps?: CatalogueApps;
}

/** The tools with an app, and the sandbox in which the page shows it. */
interface CatalogueApps {
  readonly tools: readonly string[];
  readonly sandbox: string;
}

export interface CatalogueOptions {
  readonly signal: AbortSignal;
  /** The origin of the sandbox for apps. */
  readonly sandbox: string | undefined;
}

/** Lists what a server offers. A list that fails does not hide the others. */
export async function readCatalogue(
  client: Client,
  { signal, sandbox }: CatalogueOptions,
): Promise<Catalogue> {
  const options = { signal };
  const discovered = await client.discover(options);
  const { capabilities, supportedVersions, instructions } = discovered;
  const { tools, resources, prompts } = capabilities;
  const [listedTools, listedResources, listedTemplates, listedPrompts] = await Promise.all([
    listed(tools, async () => (await client.listTools(options)).tools),
    listed(resources, async () => (await client.listResources(options)).resources),
    listed(resources, async () => (await client.listResourceTemplates(options)).resourceTemplates),
    listed(prompts, async () => (await client.listPrompts(options)).prompts),
  ]);
  return {
    server: infoOf(discovered),
    era: client.serverEra,
    supportedVersions,
    capabilities,
    ...(instructions !== undefined && { instructions }),
    tools: listedTools,
    resources: listedResources,
    templates: listedTemplates,
    prompts: listedPrompts,
    ...(sandbox !== undefined && { apps: { tools: namesOfApps(listedTools), sandbox } }),
  };
}

function namesOfApps({ entries }: Listed<Tool>): readonly string[] {
  return entries
    .filter((tool) => readAppToolMeta(tool).resourceUri !== undefined)
    .map(({ name }) => name);
}

async function listed<Entry>(
  capability: object | undefined,
  list: () => Promise<readonly Entry[]>,
): Promise<Listed<Entry>> {
  if (capability === undefined) return { entries: [], isOffered: false };
  try {
    return { entries: await list(), isOffered: true };
  } catch (error) {
    return { entries: [], isOffered: true, problem: messageOf(error) };
  }
}

function infoOf({ _meta }: DiscoverResult): Catalogue["server"] {
  const info = isObject(_meta) ? _meta[metaKeys.serverInfo] : undefined;
  return isObject(info) ? info : {};
}
