/**
 * Checks that the headers of a served request agree with its body, so that everything behind may
 * rely on either.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
import { nameOf, unlessAborted } from "lutra/internal";
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
import type { Upstream } from "../upstreams/upstream.ts";

/** Methods by name. A method that is not listed passes, because its server may know it. */
export type Methods = ReadonlyMap<string, Method>;

/** A method of which the gateway knows nothing. */
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
 * Rejects calls whose `Mcp-Param-*` headers differ from the arguments, for an upstream that may not
 * do so itself. A call of an unknown tool waits until the tool has been looked up. Otherwise the
 * first calls could tell the routes one thing and the tool another. A tool that the upstream does
 * not list for the gateway has no annotations to check.
 *
 * @spec basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function paramAdmission(
  upstream: Pick<Upstream, "tool" | "findTool">,
  methods: Methods,
): Middleware {
  const compiled = new WeakMap<Tool, readonly HeaderParam[]>();
  return (next) => (request, context) => {
    const { header } = context;
    const method = methods.get(request.method);
    const name = method?.paramHeaders ? nameOf(method, request.params) : undefined;
    if (header === undefined || name === undefined) return next(request, context);
    const admitted = (tool: Tool | undefined) => {
      const args = request.params?.arguments;
      if (tool) requireHeaderParams(paramsOf(tool, compiled), isObject(args) ? args : {}, header);
      return next(request, context);
    };
    const tool = upstream.tool(name);
    if (tool !== undefined || upstream.findTool === undefined) return admitted(tool);
    // The look-up continues after an abort, because other calls may wait for it.
    return unlessAborted(upstream.findTool(name), context.signal).then(admitted);
  };
}

function paramsOf(
  tool: Tool,
  compiled: WeakMap<Tool, readonly HeaderParam[]>,
): readonly HeaderParam[] {
  let params = compiled.get(tool);
  if (params === undefined) {
    params = compileParams(tool);
    compiled.set(tool, params);
  }
  return params;
}

/**
 * Returns the annotated parameters of a tool; none when an annotation is invalid. Clients leave such
 * tools out, and the caller is not to blame for the upstream's mistake.
 */
function compileParams(tool: Tool): readonly HeaderParam[] {
  try {
    return headerParams(tool.inputSchema);
  } catch {
    return [];
  }
}
