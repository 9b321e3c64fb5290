/**
 * `createView`: connects a page to the host that shows it.
 *
 * @spec ext-apps/apps#lifecycle, ext-apps/apps#requirements
 */
import { text } from "../../protocol/content.ts";
import type { Implementation } from "../../protocol/meta.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import type { AppNotification, AppRequest } from "../protocol/app-method.ts";
import type { HostContext } from "../protocol/host-context.ts";
import {
  hostContextChanged,
  resourceTeardown,
  toolCancelled,
  toolInput,
  toolInputPartial,
  toolResultReady,
} from "../protocol/host-messages.ts";
import { refusal } from "../protocol/messages.ts";
import { appsRevision } from "../protocol/names.ts";
import {
  callTool,
  listTools,
  ping,
  readResource,
  resourcesChanged,
  toolsChanged,
} from "../protocol/server-messages.ts";
import {
  type Acknowledged,
  downloadFile,
  type InitializeParams,
  initialize,
  initialized,
  logMessage,
  openLink,
  requestDisplayMode,
  requestTeardown,
  sendMessage,
  sizeChanged,
  updateModelContext,
} from "../protocol/view-messages.ts";
import { answering, Channel, receiving } from "./channel.ts";
import { measurePage, observeSize } from "./size.ts";
import { applyHostContext } from "./theme.ts";
import { runTool, shownTools } from "./view-tools.ts";
import type { View, ViewOptions, ViewState, ViewTypes } from "./view-types.ts";

/**
 * Connects the page to its host. Pass the handlers here: the host sends the arguments as soon as the
 * handshake is complete.
 *
 * @throws {TypeError} for a page that is not in a frame
 * @example
 * ```ts
 * const view = createView({
 *   name: "trip-map",
 *   version: "1.0.0",
 *   onResult: ({ structuredContent }) => draw(structuredContent),
 * });
 * ```
 */
export function createView<Types extends ViewTypes = ViewTypes>(
  options: ViewOptions<Types>,
): View<Types> {
  const host = window.parent;
  if (host === window) throw new TypeError("createView: expected a page in the frame of a host");
  return new ConnectedView(host, options as unknown as ViewOptions) as unknown as View<Types>;
}

const defaultModes = ["inline"] as const;

class ConnectedView implements View {
  readonly ready: Promise<void>;
  state: ViewState = { status: "connecting", capabilities: {}, context: {} };
  readonly #options: ViewOptions;
  readonly #channel: Channel;
  readonly #listeners = new Set<() => void>();
  #tools: NonNullable<ViewOptions["tools"]>;
  #stopReports: () => void = () => undefined;

  constructor(host: Window, options: ViewOptions) {
    this.#options = options;
    this.#tools = options.tools ?? [];
    this.#channel = new Channel(host, {
      requests: this.#requests(),
      notifications: this.#notifications(),
      onError: this.#report,
    });
    this.ready = this.#connect();
    // A page that never waits for `ready` learns of the failure from the state and `onError`.
    this.ready.catch(this.#report);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly request: View["request"] = async (request, params, options) => {
    await this.ready;
    return this.#channel.request(request, params, options);
  };

  readonly callTool: View["callTool"] = (name, args, options) =>
    this.request(callTool, { name, ...(args && { arguments: args }) }, options);

  readonly readResource: View["readResource"] = (uri, options) =>
    this.request(readResource, { uri }, options);

  readonly message: View["message"] = (content) =>
    this.#ask(sendMessage, {
      role: "user",
      content: typeof content === "string" ? [text(content)] : content,
    });

  readonly openLink: View["openLink"] = (url) => this.#ask(openLink, { url });

  readonly updateModelContext: View["updateModelContext"] = (context) =>
    this.#ask(updateModelContext, context);

  readonly downloadFile: View["downloadFile"] = (contents) => this.#ask(downloadFile, { contents });

  readonly requestDisplayMode: View["requestDisplayMode"] = async (mode) => {
    const { displayModes = defaultModes } = this.#options;
    if (!displayModes.includes(mode)) {
      throw new TypeError(`requestDisplayMode: ${mode}: expected one of displayModes of the view`);
    }
    await this.ready;
    const { availableDisplayModes, displayMode = "inline" } = this.state.context;
    if (!availableDisplayModes?.includes(mode)) return displayMode;
    const result = await this.request(requestDisplayMode, { mode });
    this.#merge({ displayMode: result.mode });
    return result.mode;
  };

  readonly reportSize: View["reportSize"] = (size = measurePage()) => this.#tell(sizeChanged, size);

  readonly log: View["log"] = (level, data) =>
    this.#tell(logMessage, { level, logger: this.#options.name, data });

  readonly requestTeardown = (): void => this.#tell(requestTeardown, {});

  readonly setTools: View["setTools"] = (tools) => {
    this.#tools = tools;
    this.#tell(toolsChanged, {});
  };

  readonly close = (): void => {
    this.#stopReports();
    this.#channel.close();
    if (this.state.status !== "closed") this.#set({ status: "closed" });
  };

  async #connect(): Promise<void> {
    const { connectTimeoutMs = 30_000, reportsSize = true } = this.#options;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), connectTimeoutMs);
    try {
      const accepted = await this.#channel.request(initialize, this.#introduction(), limit);
      const { hostInfo, hostCapabilities: capabilities, hostContext = {} } = accepted;
      this.#channel.notify(initialized, {});
      this.#set({ status: "connected", host: hostInfo, capabilities });
      this.#merge(hostContext);
    } catch (thrown) {
      const error = limit.signal.aborted
        ? new TransportError("timeout", `The host did not answer within ${connectTimeoutMs} ms`)
        : thrown;
      this.#set({ status: "closed", error });
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    if (!reportsSize) return;
    this.#stopReports = observeSize(() => this.state.context.containerDimensions, this.reportSize);
  }

  #introduction(): InitializeParams {
    const { displayModes = defaultModes, tools } = this.#options;
    return {
      protocolVersion: appsRevision,
      appInfo: infoOf(this.#options),
      appCapabilities: {
        availableDisplayModes: displayModes,
        ...(tools && { tools: { listChanged: true } }),
      },
    };
  }

  #requests() {
    return {
      ...answering(ping, () => ({})),
      ...answering(resourceTeardown, ({ reason }) => this.#tearDown(reason)),
      ...(this.#options.tools && {
        ...answering(listTools, () => ({ tools: shownTools(this.#tools) })),
        ...answering(callTool, (params, signal) => runTool(this.#tools, params, signal)),
      }),
    };
  }

  #notifications() {
    const { onPartialInput, onInput, onResult, onCancelled } = this.#options;
    const { onToolsChanged, onResourcesChanged } = this.#options;
    return {
      ...receiving(toolInputPartial, ({ arguments: partialInput = {} }) => {
        if (this.state.input !== undefined) return;
        this.#set({ partialInput });
        onPartialInput?.(partialInput);
      }),
      ...receiving(toolInput, ({ arguments: input = {} }) => {
        this.#set({ input });
        onInput?.(input);
      }),
      ...receiving(toolResultReady, (result) => {
        this.#set({ result });
        onResult?.(result);
      }),
      ...receiving(toolCancelled, (cancelled) => {
        this.#set({ cancelled });
        onCancelled?.(cancelled.reason);
      }),
      ...receiving(hostContextChanged, (changed) => this.#merge(changed)),
      ...receiving(toolsChanged, () => onToolsChanged?.()),
      ...receiving(resourcesChanged, () => onResourcesChanged?.()),
    };
  }

  /** The response is sent before the channel closes, which happens in a later turn. */
  async #tearDown(reason: string | undefined): Promise<Record<string, never>> {
    this.#stopReports();
    try {
      await this.#options.onTeardown?.(reason);
    } finally {
      setTimeout(this.close);
    }
    return {};
  }

  /** Sends a request with an empty result. Rejects when the host refuses in the result. */
  async #ask<Params extends object>(
    request: AppRequest<Params, Acknowledged>,
    params: Params,
  ): Promise<void> {
    const { isError } = await this.request(request, params);
    if (isError === true) throw refusal(`The host refused ${request.name}`);
  }

  /** Sends a notification once the host has accepted the view. */
  #tell<Params extends object>(notification: AppNotification<Params>, params: Params): void {
    const send = () => this.#channel.notify(notification, params);
    if (this.state.status === "connected") send();
    else this.ready.then(send, () => undefined);
  }

  #merge(changed: HostContext): void {
    const { appliesTheme = true, onContext } = this.#options;
    const context = { ...this.state.context, ...changed };
    this.#set({ context });
    if (appliesTheme) applyHostContext(changed);
    onContext?.(context, changed);
  }

  #set(changed: Partial<ViewState>): void {
    this.state = { ...this.state, ...changed };
    for (const listener of this.#listeners) listener();
  }

  readonly #report = (error: unknown): void => {
    const { onError = console.error } = this.#options;
    onError(error);
  };
}

/** Only the members of an implementation: the handlers can't be posted to another window. */
function infoOf({ name, version, title, description, websiteUrl, icons }: ViewOptions) {
  const info: Implementation = {
    name,
    version,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(websiteUrl !== undefined && { websiteUrl }),
    ...(icons !== undefined && { icons }),
  };
  return info;
}
