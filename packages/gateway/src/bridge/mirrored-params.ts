/**
 * The `Mcp-Param-*` headers of calls by legacy clients, which do not know them. The gateway mirrors
 * the arguments as a client of the current revision would, by the tool's entry in the list.
 *
 * @spec basic/transports/streamable-http#client-behavior
 */
import { BoundedMap } from "lutra/internal";
import {
  decodeHeaderValue,
  encodeHeaderParams,
  type HeaderParam,
  headerParams,
  isObject,
  isProtocolError,
  type JSONRPCRequest,
  listTools,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import { type MirroredHeaders, noMirrored } from "./legacy-head.ts";

/** Maximum number of tools whose annotations are remembered. */
const maxKnownTools = 10_000;
/** Maximum number of pages of a list that are searched for a tool. */
const maxPages = 100;

/** Serves a request with these mirrored headers. */
type ServeMirrored = (mirrored: MirroredHeaders) => Promise<Result>;

export class MirroredParams {
  readonly #known = new BoundedMap<string, readonly HeaderParam[]>({ maxEntries: maxKnownTools });
  readonly #serve: Serve;

  /** @param serve Serves the lists of tools for the caller of a request */
  constructor(serve: Serve) {
    this.#serve = serve;
  }

  /**
   * Serves a call. Looks the tool up if rules depend on its headers, or if the upstream refuses the
   * call because of them, which then has not run.
   */
  async call(
    request: JSONRPCRequest,
    context: RequestContext,
    { isDecisive, serve }: { readonly isDecisive: boolean; readonly serve: ServeMirrored },
  ): Promise<Result> {
    const name = String(request.params?.name);
    let params = this.#known.get(name);
    if (params === undefined && isDecisive) params = await this.#find(name, request, context);
    try {
      return await serve(mirror(params, request));
    } catch (error) {
      if (!isHeaderMismatch(error)) throw error;
      const found = await this.#find(name, request, context);
      if (found === undefined) throw error;
      return serve(mirror(found, request));
    }
  }

  async #find(
    name: string,
    request: JSONRPCRequest,
    context: RequestContext,
  ): Promise<readonly HeaderParam[] | undefined> {
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const { _meta } = request.params ?? {};
      const params = cursor === undefined ? { _meta } : { cursor, _meta };
      const list = { jsonrpc: "2.0", id: "gateway", method: listTools.name, params } as const;
      const { tools, nextCursor } = listTools.result(await this.#serve(list, { ...context }));
      const tool = tools.find((one) => one.name === name);
      if (tool !== undefined) {
        const found = headerParams(tool.inputSchema);
        this.#known.set(name, found);
        return found;
      }
      if (nextCursor === undefined) return undefined;
      cursor = nextCursor;
    }
    return undefined;
  }
}

/** Returns true for the error of a server that compares headers with arguments before a call. */
function isHeaderMismatch(error: unknown): boolean {
  return isProtocolError(error) && error.reason === "headerMismatch";
}

function mirror(
  params: readonly HeaderParam[] | undefined,
  request: JSONRPCRequest,
): MirroredHeaders {
  if (params === undefined || params.length === 0) return noMirrored;
  const args = request.params?.arguments;
  const headers = Object.entries(encodeHeaderParams(params, isObject(args) ? args : {}));
  return new Map(
    headers.map(([name, sent]) => {
      const key = name.toLowerCase();
      return [key, { sent, value: decodeHeaderValue(sent, key) }];
    }),
  );
}
