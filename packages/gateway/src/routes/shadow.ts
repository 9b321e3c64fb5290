/** Copies requests to a second upstream and drops what it answers. */
import { callTool, type Middleware } from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Methods } from "./admission.ts";

export interface ShadowOptions {
  readonly upstream: Upstream;
  readonly methods: Methods;
  /** Copies also calls that may change something. */
  readonly sideEffects: boolean;
}

/** How many copies may be under way, and how long one may take, in milliseconds. */
const maxCopies = 64;
const copyMs = 30_000;

/** Whether a second execution of the request is no harm, or was asked for. */
export function mayShadow(
  method: string | undefined,
  name: string | undefined,
  { upstream, methods, sideEffects }: ShadowOptions,
): boolean {
  const described = method === undefined ? undefined : methods.get(method);
  if (described === undefined || described.longLived) return false;
  if (sideEffects || described.safe) return true;
  if (described !== callTool || name === undefined) return false;
  return upstream.tool(name)?.annotations?.readOnlyHint === true;
}

/** Copies what was read. Failures of the copy are nobody's. */
export function shadow(options: ShadowOptions): Middleware {
  const { upstream, methods } = options;
  let copies = 0;
  return (next) => (request, context) => {
    const field = methods.get(request.method)?.nameField;
    const name = field === undefined ? undefined : request.params?.[field];
    const isString = typeof name === "string";
    if (copies < maxCopies && mayShadow(request.method, isString ? name : undefined, options)) {
      copies += 1;
      const signal = AbortSignal.timeout(copyMs);
      upstream
        .serve(request, { signal, notify: () => {}, header: context.header })
        .catch(() => {})
        .finally(() => {
          copies -= 1;
        });
    }
    return next(request, context);
  };
}
