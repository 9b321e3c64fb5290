/** Answers a request of a view: finds it in the tables, checks its parameters, asks the host. */
import { invalidParams, ProtocolError } from "../../../protocol/errors.ts";
import { domainCovers } from "../../protocol/domains.ts";
import { type AppMessage, refusal } from "../../protocol/messages.ts";
import { hostRequests } from "./host-requests.ts";
import type { AppAction, CompleteBridgeOptions } from "./options.ts";
import { serverRequests } from "./server-requests.ts";
import type { ViewRequestScope } from "./view-request.ts";

const requests = new Map(
  [...hostRequests, ...serverRequests].map((entry) => [entry.request.name, entry]),
);

/**
 * Resolves to the result.
 *
 * @throws {ProtocolError} `methodNotFound` for a request that the host does not offer
 */
export async function serveRequest(
  { method, params }: AppMessage & { kind: "request" },
  scope: Omit<ViewRequestScope, "allow">,
): Promise<object> {
  const found = requests.get(method);
  if (found === undefined || !found.isOffered(scope.options)) {
    throw new ProtocolError("methodNotFound", `Unknown method: ${method}`);
  }
  const problem = found.request.params(params);
  if (problem !== undefined) throw invalidParams(`params${problem}`);
  const allow = (action: AppAction) => requireAllowed(action, scope.options);
  return found.serve(params, { ...scope, allow });
}

/** Without a function that confirms, everything is allowed but links to unknown places. */
async function requireAllowed(
  action: AppAction,
  { allowedLinks, confirm }: CompleteBridgeOptions,
): Promise<void> {
  const isLink = action.kind === "openLink";
  if (isLink && allowedLinks.some((domain) => domainCovers(domain, action.url))) return;
  const isAllowed = confirm === undefined ? !isLink : (await confirm(action)) === true;
  if (!isAllowed) throw refusal(`${action.kind}: the host did not allow it`);
}
