/**
 * The messages that a view sends to its host.
 *
 * @spec ext-apps/apps#mcp-apps-specific-messages
 */
import {
  type ContentBlock,
  contentBlock,
  type EmbeddedResource,
  type ResourceLink,
} from "../../protocol/content.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { LoggingLevel } from "../../protocol/logging.ts";
import type { Implementation } from "../../protocol/meta.ts";
import {
  boolean,
  listOf,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  string,
} from "../../protocol/shape.ts";
import {
  type AppNotification,
  type AppRequest,
  appNotification,
  appRequest,
} from "./app-method.ts";
import {
  type AppCapabilities,
  appCapabilities,
  type DisplayMode,
  displayMode,
  type HostCapabilities,
  hostCapabilities,
} from "./capabilities.ts";
import { type HostContext, hostContext } from "./host-context.ts";

const implementation = object({ name: string, version: string });
/** The result of a request that a host may also refuse with `isError`. */
const acknowledged = object({ isError: optional(boolean) });

export interface InitializeParams {
  readonly appInfo: Implementation;
  readonly appCapabilities: AppCapabilities;
  readonly protocolVersion: string;
}

export interface InitializeResult {
  readonly protocolVersion: string;
  readonly hostInfo: Implementation;
  readonly hostCapabilities: HostCapabilities;
  readonly hostContext?: HostContext;
}

/** The first message of a view. */
export const initialize: AppRequest<InitializeParams, InitializeResult> = appRequest(
  "ui/initialize",
  object({ appInfo: implementation, appCapabilities, protocolVersion: string }),
  object({
    protocolVersion: string,
    hostInfo: implementation,
    hostCapabilities,
    hostContext: optional(hostContext),
  }),
);

/** Sent once the view has the result of `initialize`. The parameters are often absent. */
export const initialized: AppNotification<JSONObject> = appNotification(
  "ui/notifications/initialized",
  object(),
);

/** A result without members. A host that does not answer with an error may set `isError`. */
export interface Acknowledged {
  readonly isError?: boolean;
}

/** Asks to open a URL in the browser of the user. */
export const openLink: AppRequest<{ readonly url: string }, Acknowledged> = appRequest(
  "ui/open-link",
  object({ url: string }),
  acknowledged,
);

export interface MessageParams {
  readonly role: "user";
  /** The shipped schema has a list, the text of the specification a single block. */
  readonly content: readonly ContentBlock[] | ContentBlock;
}

const blocks = listOf(contentBlock);
const oneOrMany: Shape = (value) => (Array.isArray(value) ? blocks : contentBlock)(value);

/** Adds a message to the conversation. */
export const sendMessage: AppRequest<MessageParams, Acknowledged> = appRequest(
  "ui/message",
  object({ role: oneOf("user"), content: oneOrMany }),
  acknowledged,
);

/** Returns the blocks of a message in either form. */
export function messageContent({ content }: MessageParams): readonly ContentBlock[] {
  return Array.isArray(content) ? content : [content as ContentBlock];
}

export interface ModelContext {
  readonly content?: readonly ContentBlock[];
  readonly structuredContent?: JSONObject;
}

/** Replaces the state of the view that the model receives in the next turn. */
export const updateModelContext: AppRequest<ModelContext, Acknowledged> = appRequest(
  "ui/update-model-context",
  object({ content: optional(blocks), structuredContent: optional(object()) }),
  acknowledged,
);

/** Asks for another display mode. The result is the mode that is then in effect. */
export const requestDisplayMode: AppRequest<
  { readonly mode: DisplayMode },
  { readonly mode: DisplayMode }
> = appRequest(
  "ui/request-display-mode",
  object({ mode: displayMode }),
  object({ mode: displayMode }),
);

/** Asks to save files. Only in the draft that follows the stable revision. */
export const downloadFile: AppRequest<
  { readonly contents: readonly (EmbeddedResource | ResourceLink)[] },
  Acknowledged
> = appRequest("ui/download-file", object({ contents: blocks }), acknowledged);

/** The size of the content of the view, in CSS pixels. */
export interface ViewSize {
  readonly width?: number;
  readonly height?: number;
}

/** Reports the size of the content. */
export const sizeChanged: AppNotification<ViewSize> = appNotification(
  "ui/notifications/size-changed",
  object({ width: optional(number), height: optional(number) }),
);

/** Asks the host to close the view. Only in the draft that follows the stable revision. */
export const requestTeardown: AppNotification<JSONObject> = appNotification(
  "ui/notifications/request-teardown",
  object(),
);

export interface LogMessage {
  readonly level: LoggingLevel;
  readonly logger?: string;
  readonly data: unknown;
}

/** Writes to the log of the host. */
export const logMessage: AppNotification<LogMessage> = appNotification(
  "notifications/message",
  object({ level: string, logger: optional(string) }),
);
