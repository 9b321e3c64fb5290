import { nameOf } from "lutra/internal";
import type { Middleware } from "lutra/protocol";
import { renamedContext } from "../merge/own-request.ts";
import type { Methods } from "./admission.ts";

/** Replaces the tool, prompt or resource that a request names, for an upstream with another name. */
export function rename(name: string, methods: Methods): Middleware {
  return (next) => (request, context) => {
    const method = methods.get(request.method);
    const field = method?.nameField;
    if (field === undefined || nameOf(method, request.params) === undefined) {
      return next(request, context);
    }
    const renamed = { ...request, params: { ...request.params, [field]: name } };
    return next(renamed, renamedContext(context, name));
  };
}
