/** Gives the upstream another name than the client uses. */
import type { Middleware } from "lutra/protocol";
import type { Methods } from "./admission.ts";

/** Replaces the parameter that names what a request is about, whatever its method calls it. */
export function rename(name: string, methods: Methods): Middleware {
  return (next) => (request, context) => {
    const field = methods.get(request.method)?.nameField;
    if (field === undefined || request.params?.[field] === undefined) return next(request, context);
    return next({ ...request, params: { ...request.params, [field]: name } }, context);
  };
}
