/**
 * The answer to the first request of a view.
 *
 * @spec ext-apps/apps#host-capabilities
 */
import { invalidParams } from "../../../protocol/errors.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { AcceptedContent, HostCapabilities } from "../../protocol/capabilities.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import { appsRevision } from "../../protocol/names.ts";
import { type InitializeResult, initialize } from "../../protocol/view-messages.ts";
import type { CompleteBridgeOptions } from "./options.ts";

/** The content that hosts receive as it is. */
const allContent: AcceptedContent = {
  text: {},
  image: {},
  audio: {},
  resource: {},
  resourceLink: {},
  structuredContent: {},
};

/**
 * Returns the result. There is one revision so far, so a view with another one is offered this one.
 *
 * @throws {ProtocolError} `invalidParams` for malformed parameters
 */
export function initializeResult(
  params: JSONObject,
  context: HostContext,
  options: CompleteBridgeOptions,
): InitializeResult {
  const problem = initialize.params(params);
  if (problem !== undefined) throw invalidParams(`params${problem}`);
  const { hostInfo, tool } = options;
  return {
    protocolVersion: appsRevision,
    hostInfo,
    hostCapabilities: capabilitiesOf(options),
    hostContext: { toolInfo: { tool }, ...context },
  };
}

function capabilitiesOf(options: CompleteBridgeOptions): HostCapabilities {
  const { onOpenLink, onMessage, onModelContext, onLog, sandbox } = options;
  return {
    serverTools: { listChanged: true },
    serverResources: { listChanged: true },
    ...(onOpenLink && { openLinks: {} }),
    ...(onMessage && { message: allContent }),
    ...(onModelContext && { updateModelContext: allContent }),
    ...(onLog && { logging: {} }),
    ...(sandbox && { sandbox }),
  };
}
