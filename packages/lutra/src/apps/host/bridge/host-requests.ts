/**
 * Requests of a view that its host answers by itself.
 *
 * @spec ext-apps/apps#requests-view-host, ext-apps/apps#display-modes, ext-apps/apps#requirements
 */

import { invalidParams } from "../../../protocol/errors.ts";
import { parseURL } from "../../../protocol/parse-url.ts";
import type { DisplayMode } from "../../protocol/capabilities.ts";
import { ping } from "../../protocol/server-messages.ts";
import {
  messageContent,
  openLink,
  requestDisplayMode,
  sendMessage,
  updateModelContext,
} from "../../protocol/view-messages.ts";
import { type ViewRequest, type ViewRequestScope, viewRequest } from "./view-request.ts";

/** Maximum length of a link, in characters. */
const maxLinkLength = 8192;

/** The requests that the host answers, except the first one. */
export const hostRequests: readonly ViewRequest[] = [
  viewRequest(ping, async () => ({})),
  viewRequest(
    openLink,
    async ({ url }, { options, allow }) => {
      const link = requireLink(url);
      await allow({ kind: "openLink", url: link });
      await options.onOpenLink?.(link);
      return {};
    },
    ({ onOpenLink }) => onOpenLink !== undefined,
  ),
  viewRequest(
    sendMessage,
    async (params, { options, allow }) => {
      const content = messageContent(params);
      await allow({ kind: "sendMessage", content });
      await options.onMessage?.(content);
      return {};
    },
    ({ onMessage }) => onMessage !== undefined,
  ),
  viewRequest(
    updateModelContext,
    async ({ content, structuredContent }, { options, allow }) => {
      const context = {
        ...(content && { content }),
        ...(structuredContent && { structuredContent }),
      };
      await allow({ kind: "updateModelContext", context });
      await options.onModelContext?.(context);
      return {};
    },
    ({ onModelContext }) => onModelContext !== undefined,
  ),
  viewRequest(requestDisplayMode, async ({ mode }, scope) => ({
    mode: await changeDisplayMode(mode, scope),
  })),
];

/** Only links that a browser opens as pages. */
function requireLink(url: string): string {
  const link = url.length <= maxLinkLength ? parseURL(url) : undefined;
  if (link === undefined || !["https:", "http:"].includes(link.protocol)) {
    throw invalidParams("params.url: expected an absolute http or https URL");
  }
  return link.href;
}

/** Returns the mode that is in effect afterwards: the current one if the other is not available. */
async function changeDisplayMode(mode: DisplayMode, scope: ViewRequestScope): Promise<DisplayMode> {
  const { options, context, setContext, appCapabilities } = scope;
  const { displayMode: current = "inline", availableDisplayModes: offered = [] } = context();
  const { availableDisplayModes: supported } = appCapabilities();
  const isAvailable = offered.includes(mode) && (supported?.includes(mode) ?? true);
  if (!isAvailable || mode === current || options.onDisplayMode === undefined) return current;
  const displayMode = await options.onDisplayMode(mode);
  if (displayMode !== current) setContext({ displayMode });
  return displayMode;
}
