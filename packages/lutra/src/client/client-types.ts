/** The interface of a client, and its narrowing by the type of a server. */
import type { CompleteParams, CompleteResult } from "../protocol/completion.ts";
import type { DiscoverResult } from "../protocol/discover.ts";
import type { InputRequiredResult } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { GetPromptResult, ListPromptsResult } from "../protocol/prompts.ts";
import type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceResult,
} from "../protocol/resources.ts";
import type { ServerTypes, TypesOf } from "../protocol/server-types.ts";
import type { SubscriptionFilter } from "../protocol/subscriptions.ts";
import type { CallToolResult, ListToolsResult } from "../protocol/tools.ts";
import type { ServerEra } from "../transport/era.ts";
import type { InputMode, InputOptions, RequestOptions } from "./request-options.ts";
import type { ListenOptions, Subscription } from "./subscription.ts";

/** The result of a tool that succeeded. */
export interface ToolSuccess<Structured> extends CallToolResult {
  readonly isError?: false;
  readonly structuredContent: Structured;
}

/** The result of a tool that ran and failed; `content` has the reason. */
export interface ToolFailure extends CallToolResult {
  readonly isError: true;
  readonly structuredContent?: undefined;
}

export type TypedToolResult<Structured> = ToolSuccess<Structured> | ToolFailure;

/** The result of a method. If the caller answers input requests, it may be input required. */
type Answered<R, Inputs extends InputMode> =
  | R
  | ("manual" extends Inputs ? InputRequiredResult : never);

type ArgumentsOr<Definition, Wide> = Definition extends { readonly arguments: infer Arguments }
  ? unknown extends Arguments
    ? Wide
    : Arguments
  : Wide;

/** The names and arguments of a server's tools. */
export type ToolName<Types extends ServerTypes> = keyof Types["tools"] & string;
export type ToolArguments<Types extends ServerTypes, Name extends ToolName<Types>> = ArgumentsOr<
  Types["tools"][Name],
  JSONObject
>;
export type ToolContent<
  Types extends ServerTypes,
  Name extends ToolName<Types>,
> = Types["tools"][Name]["structuredContent"];

/** The names and arguments of a server's prompts. */
export type PromptName<Types extends ServerTypes> = keyof Types["prompts"] & string;
export type PromptArguments<
  Types extends ServerTypes,
  Name extends PromptName<Types>,
> = ArgumentsOr<Types["prompts"][Name], { readonly [name: string]: string }>;

/** The parameters after the name; the arguments are optional when none is required. */
type Rest<Arguments, Options> =
  Record<never, never> extends Arguments
    ? [args?: Arguments | undefined, options?: Options]
    : [args: Arguments, options?: Options];

/** The parameters of a completion: of an argument of a known prompt, or of a variable of a known template. */
export type TypedCompleteParams<Types extends ServerTypes> = Omit<CompleteParams, "ref"> & {
  readonly ref:
    | { readonly type: "ref/prompt"; readonly name: PromptName<Types>; readonly title?: string }
    | { readonly type: "ref/resource"; readonly uri: Types["resourceTemplates"] };
};

type ListOne<R> = (cursor?: string, options?: RequestOptions) => Promise<R>;
type ListAll<R> = (options?: RequestOptions) => Promise<R>;

/**
 * Members of a client that extensions add by declaration merging. They exist only when the client
 * was created with the extension.
 */
// biome-ignore lint/suspicious/noEmptyInterface: extensions add its members
// biome-ignore lint/correctness/noUnusedVariables: the members that extensions add depend on it
export interface ClientMembers<Types extends ServerTypes> {}

/**
 * The connector to one server. Every promise rejects with a `ProtocolError` when the server refuses
 * a request, and with a `TransportError` when there is no usable answer.
 */
export interface Client<Types extends ServerTypes = ServerTypes> extends ClientMembers<Types> {
  /**
   * The era of the server: `modern` for the current revision, `legacy` for those before. Undefined
   * until the server has answered.
   */
  readonly serverEra: ServerEra | undefined;
  /** Requests the server's versions, capabilities and instructions. Optional. */
  readonly discover: (options?: RequestOptions) => Promise<DiscoverResult>;
  /** Lists all tools; over HTTP without those whose header annotations are invalid. */
  readonly listTools: ListAll<ListToolsResult>;
  readonly listResources: ListAll<ListResourcesResult>;
  readonly listResourceTemplates: ListAll<ListResourceTemplatesResult>;
  readonly listPrompts: ListAll<ListPromptsResult>;
  /** Lists one page: the first, or the one that a `nextCursor` names. */
  readonly listToolsPage: ListOne<ListToolsResult>;
  readonly listResourcesPage: ListOne<ListResourcesResult>;
  readonly listResourceTemplatesPage: ListOne<ListResourceTemplatesResult>;
  readonly listPromptsPage: ListOne<ListPromptsResult>;
  /** Calls a tool. A tool that ran and failed returns a result with `isError`, not an error. */
  readonly callTool: <Name extends ToolName<Types>, const Inputs extends InputMode = "auto">(
    name: Name,
    ...rest: Rest<ToolArguments<Types, Name>, InputOptions<Inputs>>
  ) => Promise<Answered<TypedToolResult<ToolContent<Types, Name>>, Inputs>>;
  readonly readResource: <const Inputs extends InputMode = "auto">(
    uri: string,
    options?: InputOptions<Inputs>,
  ) => Promise<Answered<ReadResourceResult, Inputs>>;
  readonly getPrompt: <Name extends PromptName<Types>, const Inputs extends InputMode = "auto">(
    name: Name,
    ...rest: Rest<PromptArguments<Types, Name>, InputOptions<Inputs>>
  ) => Promise<Answered<GetPromptResult, Inputs>>;
  /** Suggests values for an argument of a prompt or a variable of a resource template. */
  readonly complete: (
    params: TypedCompleteParams<Types>,
    options?: RequestOptions,
  ) => Promise<CompleteResult>;
  /** Opens a stream of change notifications. They also invalidate the response cache. */
  readonly listen: (filter: SubscriptionFilter, options?: ListenOptions) => Promise<Subscription>;
  /** Sends a request of any method, for example one of an extension. */
  readonly request: <Params, R extends Result>(
    method: Method<Params, R>,
    params?: JSONObject,
    options?: InputOptions,
  ) => Promise<R>;
  /** Ends requests in flight, and releases connections and processes. */
  readonly close: () => Promise<void>;
}

/** The client of a server: `ClientOf<typeof server>`. */
export type ClientOf<Server> = Client<TypesOf<Server>>;
