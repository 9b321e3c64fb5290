/**
 * The requests that the page sends for the view of an app. They are requests of the client of Explore,
 * and belong to the call whose result the view shows.
 */
import { type Client, isProtocolError, type RequestOptions } from "lutra/client";
import type { JSONObject } from "lutra/protocol";
import { ApiError } from "../api-error.ts";
import type { ApiCall } from "../api-route.ts";
import { objectIn, textIn } from "./body-members.ts";
import type { Link } from "./link.ts";
import { messageOf } from "./run-call.ts";
import type { Run } from "./runs.ts";
import type { WireLog } from "./wire-log.ts";

export interface AppRequestParts {
  readonly link: Link;
  readonly log: WireLog;
  /** @throws {ApiError} for a call that is not in the history */
  readonly runOf: (id: unknown) => Run;
}

/** The answer to the page: a result, or the error of the server in its JSON-RPC form. */
export interface AppAnswer {
  readonly result?: unknown;
  readonly error?: unknown;
}

type Send = (client: Client, body: JSONObject, options: RequestOptions) => Promise<unknown>;

/** The functions of the client that a host of apps needs, besides the list of tools. */
const requests: { readonly [name: string]: Send } = {
  callTool: (client, body, options) =>
    client.callTool(textIn(body, "name"), objectIn(body, "args"), {
      ...options,
      meta: objectIn(body, "meta"),
    }),
  readResource: (client, body, options) => client.readResource(textIn(body, "uri"), options),
  listResources: (client, _, options) => client.listResources(options),
  listResourcesPage: (client, body, options) => client.listResourcesPage(cursorIn(body), options),
  listResourceTemplatesPage: (client, body, options) =>
    client.listResourceTemplatesPage(cursorIn(body), options),
  listPromptsPage: (client, body, options) => client.listPromptsPage(cursorIn(body), options),
};

/** Returns the path of these requests. */
export function appRoute({ link, log, runOf }: AppRequestParts): ApiCall {
  return {
    method: "POST",
    path: "explore/app",
    serve: async ({ body, signal }): Promise<AppAnswer> => {
      const name = textIn(body, "request");
      const send = Object.hasOwn(requests, name) ? requests[name] : undefined;
      if (send === undefined) throw new ApiError(400, `request: unknown: ${name}`);
      const run = runOf(body.run);
      const client = await link.client();
      try {
        return { result: await log.within(run.id, () => send(client, body, { signal })) };
      } catch (error) {
        if (isProtocolError(error)) return { error: error.toWire() };
        throw error instanceof ApiError ? error : new ApiError(502, messageOf(error));
      }
    },
  };
}

function cursorIn({ cursor }: JSONObject): string | undefined {
  return typeof cursor === "string" ? cursor : undefined;
}
