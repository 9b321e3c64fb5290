/** The types of a client: what it can do, and how a server's type narrows it. */
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
import type { InputMode, InputOptions, RequestOptions } from "./request-options.ts";
import type { ListenOptions, Subscription } from "./subscription.ts";

/** The result of a tool that ran well. */
export interface ToolSuccess<Structured> extends CallToolResult {
  readonly isError?: false;
  readonly structuredContent: Structured;
}

/** The result of a tool that ran and failed; `content` says why. */
export interface ToolFailure extends CallToolResult {
  readonly isError: true;
  readonly structuredContent?: undefined;
}

export type TypedToolResult<Structured> = ToolSuccess<Structured> | ToolFailure;

/** What a method gives: its result, and where the caller answers, perhaps a request for input. */
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

/** Arguments may be left out where none is required. */
type Rest<Arguments, Options> =
  Record<never, never> extends Arguments
    ? [args?: Arguments | undefined, options?: Options]
    : [args: Arguments, options?: Options];

/** What may be completed: an argument of a known prompt, or a variable of a known template. */
export type TypedCompleteParams<Types extends ServerTypes> = Omit<CompleteParams, "ref"> & {
  readonly ref:
    | { readonly type: "ref/prompt"; readonly name: PromptName<Types>; readonly title?: string }
    | { readonly type: "ref/resource"; readonly uri: Types["resourceTemplates"] };
};

type ListOne<R> = (cursor?: string, options?: RequestOptions) => Promise<R>;
type ListAll<R> = (options?: RequestOptions) => Promise<R>;

/**
 * Members that extensions put onto a client; each adds its own by declaration merging. They are
 * there only when the client was made with the extension.
 */
// biome-ignore lint/suspicious/noEmptyInterface: what it has, extensions give it
// biome-ignore lint/correctness/noUnusedVariables: what extensions add depends on it
export interface ClientMembers<Types extends ServerTypes> {}

/**
 * Speaks to one server. Every promise rejects with a `ProtocolError` for what the server refused
 * and with a `TransportError` where there was no usable answer.
 */
export interface Client<Types extends ServerTypes = ServerTypes> extends ClientMembers<Types> {
  /** Asks for the server's versions, capabilities and instructions. Not needed before other calls. */
  readonly discover: (options?: RequestOptions) => Promise<DiscoverResult>;
  /** All tools; over HTTP without those whose header annotations are invalid. */
  readonly listTools: ListAll<ListToolsResult>;
  readonly listResources: ListAll<ListResourcesResult>;
  readonly listResourceTemplates: ListAll<ListResourceTemplatesResult>;
  readonly listPrompts: ListAll<ListPromptsResult>;
  /** One page: the first, or the one that a `nextCursor` stands for. */
  readonly listToolsPage: ListOne<ListToolsResult>;
  readonly listResourcesPage: ListOne<ListResourcesResult>;
  readonly listResourceTemplatesPage: ListOne<ListResourceTemplatesResult>;
  readonly listPromptsPage: ListOne<ListPromptsResult>;
  /** Calls a tool. One that ran and failed gives a result with `isError`, not an error. */
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
  /** Opens a stream of change notifications. They also keep the response cache up to date. */
  readonly listen: (filter: SubscriptionFilter, options?: ListenOptions) => Promise<Subscription>;
  /** Sends a request of any method, for instance one of an extension. */
  readonly request: <Params, R extends Result>(
    method: Method<Params, R>,
    params?: JSONObject,
    options?: InputOptions,
  ) => Promise<R>;
  /** Ends what is in flight, and frees connections and processes. */
  readonly close: () => Promise<void>;
}

/** The client of a server: `ClientOf<typeof server>`. */
export type ClientOf<Server> = Client<TypesOf<Server>>;
