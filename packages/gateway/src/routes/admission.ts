/**
 * Checks that the headers of a served request agree with its body, so that everything behind may
 * rely on either.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
import { headerMismatch, nameOf, unlessAborted } from "lutra/internal";
import {
  type HeaderParam,
  headerParams,
  isObject,
  type Method,
  type Middleware,
  modernVersions,
  requireHeaderParams,
  type Tool,
} from "lutra/protocol";
import { type AdmissionColumns, admit } from "lutra/server";
import { UpstreamError } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { notComparable } from "../refuse.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { DecidingParams } from "./param-rules.ts";

/** Methods by name. A method that is not listed passes, because its server may know it. */
export type Methods = ReadonlyMap<string, Method>;

/** The time after which a client may retry a call that was not compared, in milliseconds. */
const retryAfterMs = 1000;

/** A method that the gateway does not know. */
const unlisted: AdmissionColumns = { method: {} };

/** Rejects requests that are malformed, contradict their headers or use another version. */
export function admission(methods: Methods): Middleware {
  const columns = new Map([...methods].map(([name, method]) => [name, { method }]));
  const options = {
    versions: modernVersions,
    methods: { get: (name: string): AdmissionColumns => columns.get(name) ?? unlisted },
  };
  return (next) => (request, context) => {
    admit(request, context, options);
    return next(request, context);
  };
}

/**
 * Rejects calls whose `Mcp-Param-*` headers differ from the arguments, because the upstream might
 * accept them. A call of an unknown tool waits until the tool has been looked up. Otherwise, in the
 * first calls, the routes could act on one value and the tool on another.
 *
 * A call is passed on unchecked if the gateway can't compare it, because it does not know the tool or
 * its annotations are invalid. If rules depend on the headers, the call is refused instead.
 *
 * @param decidingParams Returns the parameters that rules depend on. By default none do
 * @spec basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function paramAdmission(
  upstream: ToolSource,
  methods: Methods,
  decidingParams: DecidingParams | undefined,
): Middleware {
  return (next) => (request, context) => {
    const { header } = context;
    const method = methods.get(request.method);
    const name = method?.paramHeaders ? nameOf(method, request.params) : undefined;
    if (header === undefined || name === undefined) return next(request, context);
    const record = decidingParams && recordOf(context);
    const deciding = (record && decidingParams?.(record)) ?? [];
    const admitted = (tool: Tool | undefined) => {
      const args = request.params?.arguments;
      const params = tool && paramsOf(tool);
      if (params) requireHeaderParams(params, isObject(args) ? args : {}, header);
      if (deciding.length > 0) requireComparable(deciding, params, { upstream, tool, header });
      return next(request, context);
    };
    const tool = upstream.tool(name);
    if (tool !== undefined || upstream.findTool === undefined) return admitted(tool);
    // The look-up continues after an abort, because other calls may wait for it.
    return unlessAborted(upstream.findTool(name), context.signal).then(admitted);
  };
}

/**
 * Returns the middleware that compares headers with arguments: `admission`, unless the upstream does it
 * itself. One that speaks an earlier revision does not, whatever the configuration says.
 */
export function paramPolicies(
  { mustServe }: Pick<Upstream, "mustServe">,
  verifiesItself: boolean,
  admission: Middleware,
): readonly Middleware[] {
  if (!verifiesItself) return [admission];
  if (mustServe === undefined) return [];
  return [
    (next) => {
      const admitted = admission(next);
      return (request, context) => (mustServe() ? admitted : next)(request, context);
    },
  ];
}

/** The part of an upstream that knows its tools. */
export type ToolSource = Pick<Upstream, "name" | "tool" | "findTool" | "hasToolList">;

interface Compared {
  readonly upstream: ToolSource;
  readonly tool: Tool | undefined;
  readonly header: (name: string) => string | undefined;
}

/** Refuses a call whose deciding headers were not compared with its arguments. */
function requireComparable(
  deciding: readonly string[],
  params: readonly HeaderParam[] | undefined,
  { upstream, tool, header }: Compared,
): void {
  const headers = deciding.map((name) => `Mcp-Param-${name}`);
  if (params === undefined) {
    if (tool !== undefined) throw notComparable(headers, "the tool has invalid annotations");
    if (upstream.hasToolList?.() === false) throw noToolList(upstream.name);
    throw notComparable(headers, "the upstream does not list the tool for the gateway");
  }
  const compared = new Set(params.map((param) => param.header.toLowerCase()));
  for (const name of headers.map((one) => one.toLowerCase())) {
    if (compared.has(name) || header(name) === undefined) continue;
    throw headerMismatch(`${name}: sent, but the tool mirrors no argument into it`);
  }
}

function noToolList(upstream: string): UpstreamError {
  const message = "The upstream has not sent its tools yet, which the gateway needs for this call";
  return new UpstreamError("unavailable", upstream, message, { retryAfterMs });
}

/** Returns true for a tool of which it is known that it mirrors no parameter into a header. */
export function mirrorsNothing(tool: Tool | undefined): boolean {
  return tool !== undefined && paramsOf(tool)?.length === 0;
}

const compiled = new WeakMap<Tool, readonly HeaderParam[] | undefined>();

/** Returns the annotated parameters of a tool, or undefined if an annotation is invalid. */
function paramsOf(tool: Tool): readonly HeaderParam[] | undefined {
  if (compiled.has(tool)) return compiled.get(tool);
  const params = compileParams(tool);
  compiled.set(tool, params);
  return params;
}

/** Clients leave a tool out that has an invalid annotation. */
function compileParams(tool: Tool): readonly HeaderParam[] | undefined {
  try {
    return headerParams(tool.inputSchema);
  } catch {
    return undefined;
  }
}
