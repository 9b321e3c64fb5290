/** The types of a view: those that its tool and its server declare, its state and its options. */
import type { ContentBlock, EmbeddedResource, ResourceLink } from "../../protocol/content.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { LoggingLevel } from "../../protocol/logging.ts";
import type { Implementation } from "../../protocol/meta.ts";
import type { ReadResourceResult } from "../../protocol/resources.ts";
import type { ServerTypes, TypesOf } from "../../protocol/server-types.ts";
import type { CallToolResult } from "../../protocol/tools.ts";
import type { AppRequest } from "../protocol/app-method.ts";
import type { DisplayMode, HostCapabilities } from "../protocol/capabilities.ts";
import type { HostContext } from "../protocol/host-context.ts";
import type { ModelContext, ViewSize } from "../protocol/view-messages.ts";
import type { RequestOptions } from "./channel.ts";
import type { ViewTool } from "./view-tools.ts";

/** The types that a view knows of its tool and its server. Nothing here exists at run time. */
export interface ViewTypes {
  /** The arguments of the tool whose result the view shows. */
  readonly input: object;
  /** The structured content of that result. */
  readonly output: unknown;
  readonly server: ServerTypes;
}

/**
 * The types of a view for the tool of an app, and optionally for the server whose tools it calls:
 * `createView<ViewOf<typeof map.tool, typeof server>>(...)`.
 */
export interface ViewOf<Tool extends { readonly types?: unknown }, Server = unknown>
  extends ViewTypes {
  readonly input: NonNullable<Tool["types"]> extends { readonly arguments: infer Arguments }
    ? Arguments & object
    : JSONObject;
  readonly output: NonNullable<Tool["types"]> extends { readonly structuredContent: infer Content }
    ? Content
    : unknown;
  readonly server: TypesOf<Server>;
}

/** A result whose structured content has a type. A result with `isError` has none. */
export type ViewResult<Structured> = Omit<CallToolResult, "structuredContent"> & {
  readonly structuredContent?: Structured;
};

type ToolName<Types extends ViewTypes> = keyof Types["server"]["tools"] & string;
type ArgumentsOf<
  Types extends ViewTypes,
  Name extends ToolName<Types>,
> = unknown extends Types["server"]["tools"][Name]["arguments"]
  ? JSONObject
  : Types["server"]["tools"][Name]["arguments"];

/** The state of a view. A change replaces the object. */
export interface ViewState<Types extends ViewTypes = ViewTypes> {
  /** `closed` after teardown, `close`, or a handshake that failed. */
  readonly status: "connecting" | "connected" | "closed";
  /** The reason of a handshake that failed. */
  readonly error?: unknown;
  readonly host?: Implementation;
  readonly capabilities: HostCapabilities;
  readonly context: HostContext;
  /** Arguments that are still being written. Any member can be missing or change. */
  readonly partialInput?: Partial<Types["input"]>;
  readonly input?: Types["input"];
  readonly result?: ViewResult<Types["output"]>;
  /** Set when the call was cancelled. */
  readonly cancelled?: { readonly reason?: string };
}

/** The options of `createView`. */
export interface ViewOptions<Types extends ViewTypes = ViewTypes> extends Implementation {
  /** All display modes that the page supports. @default ["inline"] */
  readonly displayModes?: readonly DisplayMode[];
  /** Tools of the page that the host may call, until the view is closed. @default none */
  readonly tools?: readonly ViewTool[];
  /** True to apply theme, variables and fonts of the host to the page. @default true */
  readonly appliesTheme?: boolean;
  /** True to report the size of the page. @default true */
  readonly reportsSize?: boolean;
  /** Time limit of the handshake, in milliseconds. @default 30000 */
  readonly connectTimeoutMs?: number;
  /** Called with arguments while the model writes them. Do not act on them. */
  readonly onPartialInput?: (input: Partial<Types["input"]>) => void;
  /** Called once with the complete arguments. */
  readonly onInput?: (input: Types["input"]) => void;
  readonly onResult?: (result: ViewResult<Types["output"]>) => void;
  readonly onCancelled?: (reason: string | undefined) => void;
  /** Called with the whole context, and with the members that changed. */
  readonly onContext?: (context: HostContext, changed: HostContext) => void;
  /** Called before the host removes the view. The host waits for the promise for a limited time. */
  readonly onTeardown?: (reason: string | undefined) => void | Promise<void>;
  /** Called when the tools of the server have changed. */
  readonly onToolsChanged?: () => void;
  /** Called when the resources of the server have changed. */
  readonly onResourcesChanged?: () => void;
  /** Called with malformed messages and with errors that a handler throws. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/**
 * The connector from a page to its host. Promises reject with a `ProtocolError` when the host
 * refuses a request, and with a `TransportError` when there is no usable response.
 */
export interface View<Types extends ViewTypes = ViewTypes> {
  /** Resolves once the host has accepted the view. Requests wait for it. */
  readonly ready: Promise<void>;
  readonly state: ViewState<Types>;
  /** Calls a function after each change of `state`. Returns the function that stops it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Calls a tool of the app's server. A failed tool resolves to a result with `isError`. */
  readonly callTool: <Name extends ToolName<Types>>(
    name: Name,
    args?: ArgumentsOf<Types, Name>,
    options?: RequestOptions,
  ) => Promise<ViewResult<Types["server"]["tools"][Name]["structuredContent"]>>;
  /** Reads a resource of the app's server. */
  readonly readResource: (uri: string, options?: RequestOptions) => Promise<ReadResourceResult>;
  /** Adds a message of the user to the conversation. Hosts may ask the user first. */
  readonly message: (content: string | readonly ContentBlock[]) => Promise<void>;
  /** Opens a URL in the browser of the user. */
  readonly openLink: (url: string) => Promise<void>;
  /** Replaces what the model learns of the view in the next turn. */
  readonly updateModelContext: (context: ModelContext) => Promise<void>;
  /** Asks the host to save files. Hosts may ask the user first. */
  readonly downloadFile: (contents: readonly (EmbeddedResource | ResourceLink)[]) => Promise<void>;
  /**
   * Asks for another display mode. Resolves to the mode that is then in effect: the current one if
   * the host does not offer the mode, which is not asked then.
   */
  readonly requestDisplayMode: (mode: DisplayMode) => Promise<DisplayMode>;
  /** Reports a size. Not necessary while `reportsSize` is true. @default the size of the page */
  readonly reportSize: (size?: ViewSize) => void;
  /** Writes to the log of the host. */
  readonly log: (level: LoggingLevel, data: unknown) => void;
  /** Asks the host to close the view. */
  readonly requestTeardown: () => void;
  /** Replaces the tools of the page, and tells the host. */
  readonly setTools: (tools: readonly ViewTool[]) => void;
  /** Sends a request that has no function here. */
  readonly request: <Params extends object, Result extends object>(
    request: AppRequest<Params, Result>,
    params: Params,
    options?: RequestOptions,
  ) => Promise<Result>;
  /** Stops listening, reporting and answering. Pending requests reject. */
  readonly close: () => void;
}
