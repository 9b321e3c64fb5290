/**
 * Refuses requests that a merged server sends to each of its upstreams, such as lists, while an
 * upstream is out. All callers would otherwise wait for it. Requests for one entry are still sent.
 */
import { coreMethods, type Middleware } from "lutra/protocol";
import { failureOf } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";

const sentToAll: ReadonlySet<string> = new Set(
  coreMethods
    .filter(({ nameField, cacheable, longLived }) => !nameField && (cacheable || longLived))
    .map(({ name }) => name),
);

/** Creates the middleware for the requests to one upstream; below a cache, which may still answer. */
export function refuseWhileOut({ name, isOut }: Upstream): Middleware {
  return (next) => {
    if (isOut === undefined) return next;
    return (request, context) => {
      if (!isOut() || !sentToAll.has(request.method)) return next(request, context);
      return Promise.reject(failureOf(name, "not-ready").error);
    };
  };
}
