/**
 * The checks on a request that was read: what its headers say must be what its body says, so that
 * everything behind may rely on either.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
import { unlessAborted } from "lutra/internal";
import {
  callTool,
  defineMethod,
  type HeaderParam,
  headerParams,
  isObject,
  type Method,
  type Middleware,
  modernVersions,
  requireHeaderParams,
  type Tool,
} from "lutra/protocol";
import { type AdmittedMethod, admit } from "lutra/server";
import type { Upstream } from "../upstreams/upstream.ts";

/** Methods by name. One that nobody described is let through: its server knows it. */
export type Methods = ReadonlyMap<string, Method>;

/** Refuses what is malformed, contradicts its headers or speaks another version. */
export function admission(methods: Methods): Middleware {
  const admitted = new Map<string, AdmittedMethod>();
  for (const [name, method] of methods) admitted.set(name, { method, serve: unreachable });
  const options = {
    versions: modernVersions,
    methods: { get: (name: string) => admitted.get(name) ?? unknownMethod },
  };
  return (next) => (request, context) => {
    admit(request, context, options);
    return next(request, context);
  };
}

const unreachable: AdmittedMethod["serve"] = async () => {
  throw new TypeError("the gateway serves no method itself");
};

const unknownMethod: AdmittedMethod = {
  method: defineMethod({ name: "", params: (params) => params, result: (result) => result }),
  serve: unreachable,
};

/**
 * Refuses calls whose `Mcp-Param-*` headers differ from the arguments, for an upstream that may not
 * do so itself. A tool that is not known yet is looked for before its call goes on, or the first
 * calls could say one thing to the routes and another to the tool. One that the upstream does not
 * list to the gateway has no annotations to go by.
 *
 * @spec basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function paramAdmission(upstream: Pick<Upstream, "tool" | "findTool">): Middleware {
  const compiled = new WeakMap<Tool, readonly HeaderParam[]>();
  return (next) => (request, context) => {
    const { header } = context;
    const name = request.params?.[nameField];
    if (header === undefined || request.method !== callTool.name || typeof name !== "string") {
      return next(request, context);
    }
    const admitted = (tool: Tool | undefined) => {
      const args = request.params?.arguments;
      if (tool) requireHeaderParams(paramsOf(tool, compiled), isObject(args) ? args : {}, header);
      return next(request, context);
    };
    const tool = upstream.tool(name);
    if (tool !== undefined || upstream.findTool === undefined) return admitted(tool);
    // The look-up itself goes on, for others that wait for it.
    return unlessAborted(upstream.findTool(name), context.signal).then(admitted);
  };
}

const nameField = callTool.nameField as string;

function paramsOf(
  tool: Tool,
  compiled: WeakMap<Tool, readonly HeaderParam[]>,
): readonly HeaderParam[] {
  let params = compiled.get(tool);
  if (params === undefined) {
    params = annotated(tool);
    compiled.set(tool, params);
  }
  return params;
}

/** Clients leave tools with wrong annotations out, and an upstream's mistake is not the caller's. */
function annotated(tool: Tool): readonly HeaderParam[] {
  try {
    return headerParams(tool.inputSchema);
  } catch {
    return [];
  }
}
