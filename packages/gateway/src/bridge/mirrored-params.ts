/**
 * The `Mcp-Param-*` headers of calls by legacy clients, which do not know them. The gateway mirrors
 * the arguments as a client of the current revision would, by the tool's entry in the list.
 *
 * @spec basic/transports/streamable-http#client-behavior
 */
import { BoundedMap, textOf } from "lutra/internal";
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

/** A call of a tool, with the functions that route and serve it. */
export interface MirroredCall {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  /** True if rules depend on the headers of calls. */
  readonly isDecisive: boolean;
  /** Returns the route that the call takes with these headers. Undefined if it is refused. */
  readonly routeWith: (mirrored: MirroredHeaders) => number | undefined;
  /** Returns the `Serve` of a route, for the list of its tools. */
  readonly serveBy: (route: number) => Serve;
  /** Serves the call with these headers. */
  readonly serve: (mirrored: MirroredHeaders) => Promise<Result>;
}

/** The annotations of the tools with one name, by the routes of their calls. */
type KnownTool = Map<number, readonly HeaderParam[]>;

export class MirroredParams {
  readonly #known = new BoundedMap<string, KnownTool>({ maxEntries: maxKnownTools });

  /**
   * Serves a call. Looks the tool up if rules depend on its headers, or if the upstream refuses the
   * call because of them, which then has not run.
   */
  async call(call: MirroredCall): Promise<Result> {
    const { request, isDecisive, serve } = call;
    const isKnown = this.#known.has(nameOf(request));
    const mirrored = isKnown || isDecisive ? await this.#mirrored(call) : noMirrored;
    try {
      return await serve(mirrored);
    } catch (error) {
      if (!isHeaderMismatch(error)) throw error;
      const route = call.routeWith(mirrored);
      const found = route === undefined ? undefined : await this.#find(call, route);
      if (found === undefined) throw error;
      return serve(mirror(found, request));
    }
  }

  /** Returns the headers for a tool that is known, or whose headers decide about the call. */
  async #mirrored(call: MirroredCall): Promise<MirroredHeaders> {
    const { request, isDecisive } = call;
    const route = call.routeWith(noMirrored);
    if (route === undefined) return noMirrored;
    const known = this.#known.get(nameOf(request))?.get(route);
    if (known !== undefined || !isDecisive) return mirror(known, request);
    return mirror(await this.#find(call, route), request);
  }

  /** Searches the list of the upstreams that the call reaches. Others may have a tool of its name. */
  async #find(
    { request, context, serveBy }: MirroredCall,
    route: number,
  ): Promise<readonly HeaderParam[] | undefined> {
    const serve = serveBy(route);
    const name = nameOf(request);
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const { _meta } = request.params ?? {};
      const params = cursor === undefined ? { _meta } : { cursor, _meta };
      const list = { jsonrpc: "2.0", id: "gateway", method: listTools.name, params } as const;
      const { tools, nextCursor } = listTools.result(await serve(list, { ...context }));
      const tool = tools.find((one) => one.name === name);
      if (tool !== undefined) {
        const found = headerParams(tool.inputSchema);
        const known: KnownTool = this.#known.get(name) ?? new Map();
        this.#known.set(name, known.set(route, found));
        return found;
      }
      if (nextCursor === undefined) return undefined;
      cursor = nextCursor;
    }
    return undefined;
  }
}

function nameOf({ params }: JSONRPCRequest): string {
  return textOf(params?.name);
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
