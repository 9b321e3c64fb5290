/**
 * The checks on a request that was read: what its headers say must be what its body says, so that
 * everything behind may rely on either.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
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
 * do so itself. A tool that the upstream has not listed yet has no annotations to go by.
 *
 * @spec basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function paramAdmission(upstream: Pick<Upstream, "tool">): Middleware {
  const compiled = new WeakMap<Tool, readonly HeaderParam[]>();
  return (next) => (request, context) => {
    const name = request.params?.[nameField];
    const tool =
      context.header && request.method === callTool.name && typeof name === "string"
        ? upstream.tool(name)
        : undefined;
    if (tool !== undefined && context.header) {
      const args = request.params?.arguments;
      requireHeaderParams(paramsOf(tool, compiled), isObject(args) ? args : {}, context.header);
    }
    return next(request, context);
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
