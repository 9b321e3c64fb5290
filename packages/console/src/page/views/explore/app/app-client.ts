/** The client that an app reaches: its requests are sent by the server of the console. */
import type { AppClient } from "lutra/apps/host";
import { ProtocolError } from "lutra/protocol";
import type { AppAnswer } from "../../../../server/explore/app-requests.ts";
import { fetchJson } from "../../../api.ts";
import { catalogue } from "../explore-state.ts";

/** Creates the client. Its requests belong to a call of the history. */
export function createAppClient(run: number): AppClient {
  async function send<T>(
    request: string,
    body: object,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const path = "explore/app";
    const init = signal === undefined ? {} : { signal };
    const { result, error } = await fetchJson<AppAnswer>(path, { run, request, ...body }, init);
    const refused = ProtocolError.fromWire(error);
    if (refused !== undefined) throw refused;
    return result as T;
  }
  return {
    // The page has the list, and reads it again when the server announces a change.
    listTools: async () => ({
      resultType: "complete",
      tools: catalogue.value?.tools.entries ?? [],
      ttlMs: 0,
      cacheScope: "private",
    }),
    callTool: (name, args = {}, { meta = {}, ...options } = {}) =>
      send("callTool", { name, args, meta }, options),
    readResource: (uri, options) => send("readResource", { uri }, options),
    listResources: (options) => send("listResources", {}, options),
    listResourcesPage: (cursor, options) => send("listResourcesPage", { cursor }, options),
    listResourceTemplatesPage: (cursor, options) =>
      send("listResourceTemplatesPage", { cursor }, options),
    listPromptsPage: (cursor, options) => send("listPromptsPage", { cursor }, options),
  };
}
