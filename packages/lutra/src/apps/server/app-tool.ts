/**
 * Tools that belong to an app: their metadata, and the text that every result contains.
 *
 * @spec ext-apps/apps#resource-discovery, ext-apps/apps#visibility
 */
import { chain } from "../../protocol/chain.ts";
import { type ContentBlock, text } from "../../protocol/content.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { Input, Output } from "../../schema/schema.ts";
import type { SchemaLike } from "../../schema/standard-schema.ts";
import { InputRequired, ToolResult, toolResult } from "../../server/results.ts";
import { defineTool, type ToolDefinition, type ToolOptions } from "../../server/tools.ts";
import { appMetaKey, flatURIKey } from "../protocol/names.ts";
import { isAppURI, type ToolVisibility } from "../protocol/tool-meta.ts";

/** The type of the definition that `defineTool` returns for the same options. */
export type AppTool<Name extends string, In, Out> = ToolDefinition<
  Name,
  [In] extends [never] ? Record<string, never> : Input<In>,
  [Out] extends [never] ? undefined : Output<Out>
>;

/** The text of a result for models, and for hosts that show no apps. */
export type Fallback<Content> = (content: Content) => string | readonly ContentBlock[];

/** A tool with structured content needs a function for its text; any other tool returns its text. */
type FallbackOption<Out> = [Out] extends [never]
  ? { readonly fallback?: never }
  : {
      /** Returns the text for the structured content that the tool returned. */
      readonly fallback: Fallback<NoInfer<Input<Out>>>;
    };

/** The options of a tool that belongs to an app. */
export type AppToolOptions<
  Name extends string,
  In extends SchemaLike,
  Out extends SchemaLike,
> = FallbackOption<Out> & {
  readonly tool: ToolOptions<Name, In, Out>;
  /**
   * The callers of the tool. `["app"]` hides it from the model. This is not access control: any client
   * can call the tool. @default ["model", "app"]
   */
  readonly visibility?: readonly ToolVisibility[];
  /** The page that shows results of the tool. @default none */
  readonly resourceUri?: string;
};

/**
 * Defines a tool that the page of an app calls, or whose results an existing page shows.
 *
 * @throws {TypeError} for invalid options
 */
export function appTool<
  const Name extends string,
  const In extends SchemaLike = never,
  const Out extends SchemaLike = never,
>(options: AppToolOptions<Name, In, Out>): AppTool<Name, In, Out> {
  const { tool, visibility, resourceUri } = options;
  const where = `app ${tool.name}`;
  requireVisibility(where, visibility);
  if (resourceUri !== undefined && !isAppURI(resourceUri)) {
    throw new TypeError(`${where}: resourceUri: expected a URI that starts with ui://`);
  }
  const _meta: JSONObject = {
    ...tool._meta,
    [appMetaKey]: {
      ...(resourceUri !== undefined && { resourceUri }),
      ...(visibility !== undefined && { visibility }),
    },
    // Hosts that predate the nested form read only this key.
    ...(resourceUri !== undefined && { [flatURIKey]: resourceUri }),
  };
  const call = withText(where, tool as unknown as ToolDefinition, options.fallback);
  return defineTool({ ...tool, _meta, call } as never) as unknown as AppTool<Name, In, Out>;
}

/** @spec ext-apps/apps#server-behavior */
function withText(
  where: string,
  { call, outputSchema }: ToolDefinition,
  fallback: Fallback<never> | undefined,
): ToolDefinition["call"] {
  if (outputSchema !== undefined && typeof fallback !== "function") {
    throw new TypeError(`${where}: fallback: expected a function that returns text`);
  }
  return (args, context) =>
    chain(call(args, context), (value) => {
      if (value instanceof InputRequired) return value;
      if (fallback === undefined) return requireText(where, value);
      const init = value instanceof ToolResult ? value.init : { structuredContent: value };
      if (init.isError || init.content !== undefined) return requireText(where, value);
      const content = fallback(init.structuredContent as never);
      return requireText(where, toolResult({ ...init, content: blocksOf(content) }));
    });
}

function blocksOf(content: string | readonly ContentBlock[]): readonly ContentBlock[] {
  return typeof content === "string" ? (content === "" ? [] : [text(content)]) : content;
}

/** Fails the call for a result that a host without apps would show as nothing. */
function requireText(where: string, value: unknown): unknown {
  const content = value instanceof ToolResult ? value.init.content : value;
  const isEmpty = content === undefined || content === "" || isEmptyList(content);
  if (!isEmpty) return value;
  throw new TypeError(`${where}: expected text for hosts that show no apps`);
}

function isEmptyList(content: unknown): boolean {
  return Array.isArray(content) && content.length === 0;
}

function requireVisibility(where: string, visibility: readonly unknown[] | undefined): void {
  if (visibility === undefined) return;
  const isKnown = (who: unknown) => who === "model" || who === "app";
  if (Array.isArray(visibility) && visibility.length > 0 && visibility.every(isKnown)) return;
  throw new TypeError(`${where}: visibility: expected a list of "model" and "app"`);
}
