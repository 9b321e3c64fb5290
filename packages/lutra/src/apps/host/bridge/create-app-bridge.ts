/** Connects a view to its host and to the server of the app. */

import type { JSONObject } from "../../../protocol/json.ts";
import type { CallToolResult, Tool } from "../../../protocol/tools.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import type { AppRequest } from "../../protocol/app-method.ts";
import type { AppCapabilities, DisplayMode } from "../../protocol/capabilities.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import { resourceTeardown } from "../../protocol/host-messages.ts";
import {
  callTool,
  listTools,
  resourcesChanged,
  toolsChanged,
} from "../../protocol/server-messages.ts";
import { type AppBridgeOptions, withDefaults } from "./options.ts";
import { createToolFeed, type ToolFeed } from "./tool-feed.ts";
import type { ViewCallOptions } from "./view-calls.ts";
import { ViewConnection } from "./view-connection.ts";

/** A connected view. */
export interface AppBridge extends ToolFeed {
  /** Resolves once the view has initialized. Rejects when the bridge is closed before. */
  readonly initialized: Promise<void>;
  /** The capabilities that the view declared. Empty before it has initialized. */
  readonly appCapabilities: () => AppCapabilities;
  /** Returns true when the host may switch the view to a display mode. */
  readonly supportsDisplayMode: (mode: DisplayMode) => boolean;
  /**
   * Changes the context of the view.
   *
   * @throws {TypeError} for a display mode that the view does not support
   */
  readonly setContext: (changes: HostContext) => void;
  /** Notifies the view that a list of its server has changed. */
  readonly listChanged: (list: "tools" | "resources") => void;
  /**
   * Lists the tools that the view itself offers, at most 50.
   *
   * @throws {TransportError} when the view offers none, does not answer or has been closed
   */
  readonly listViewTools: (options?: ViewCallOptions) => Promise<readonly Tool[]>;
  /** Calls a tool that the view itself offers. Rejects like `listViewTools`. */
  readonly callViewTool: (
    name: string,
    args?: JSONObject,
    options?: ViewCallOptions,
  ) => Promise<CallToolResult>;
  /**
   * Announces to the view that it will be removed, waits for its answer for at most `timeoutMs`, and closes
   * the bridge. Remove the frame afterwards.
   *
   * @param options `timeoutMs`: in milliseconds. @default 1000
   */
  readonly teardown: (
    reason?: string,
    options?: Pick<ViewCallOptions, "timeoutMs">,
  ) => Promise<void>;
  /** Closes the bridge at once: requests of the view are cancelled, its messages are ignored. */
  readonly close: () => void;
}

/** Maximum number of tools of a view. */
const maxViewTools = 50;

/** Maximum time that a view has to store its state, in milliseconds. */
const defaultTeardownMs = 1000;

/**
 * Connects a view. Everything that the view sends is validated, bounded and passed to `onRecord`.
 * The view receives nothing but responses before it has initialized.
 *
 * @throws {TypeError} for an invalid option
 * @spec ext-apps/apps#lifecycle
 */
export function createAppBridge(init: AppBridgeOptions): AppBridge {
  const options = withDefaults(init);
  const feed = createToolFeed((notification, params) => view.notify(notification, params));
  const view = new ViewConnection(options, {
    onInitialized: feed.start,
    onInitialize: feed.pause,
  });

  async function request<Params extends object, Result extends object>(
    what: AppRequest<Params, Result>,
    params: Params,
    { signal, timeoutMs = options.viewTimeoutMs }: ViewCallOptions,
  ): Promise<Result> {
    if (!view.isReady) throw new TransportError("closed", "The view is not connected");
    return view.calls.send(what, params, { signal, timeoutMs });
  }

  function requireTools(): void {
    if (view.appCapabilities.tools !== undefined) return;
    throw new TransportError("refused", "The view offers no tools");
  }

  return {
    ...feed,
    initialized: view.initialized,
    appCapabilities: () => view.appCapabilities,
    supportsDisplayMode: (mode) =>
      view.appCapabilities.availableDisplayModes?.includes(mode) ?? true,
    setContext: (changes) => {
      const { displayMode } = changes;
      const supported = view.appCapabilities.availableDisplayModes;
      if (displayMode !== undefined && supported?.includes(displayMode) === false) {
        throw new TypeError("setContext: displayMode: expected one that the view supports");
      }
      view.setContext(changes);
    },
    listChanged: (list) => view.notify(list === "tools" ? toolsChanged : resourcesChanged, {}),
    listViewTools: async (callOptions = {}) => {
      requireTools();
      const { tools } = await request(listTools, {}, callOptions);
      return tools.slice(0, maxViewTools);
    },
    callViewTool: async (name, args = {}, callOptions = {}) => {
      requireTools();
      return request(callTool, { name, arguments: args }, callOptions);
    },
    teardown: async (reason, { timeoutMs = defaultTeardownMs } = {}) => {
      const params = reason === undefined ? {} : { reason };
      // A view that does not answer is removed like others.
      if (view.isReady) await request(resourceTeardown, params, { timeoutMs }).catch(() => {});
      view.close();
    },
    close: () => view.close(),
  };
}
