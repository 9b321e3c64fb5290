/** Requests whose results other callers may get. */
import type { RequestContext } from "lutra/protocol";

const key = Symbol("lutra.gateway.shared");

/** Returns the context of a request whose result may be shared. Copies of the context keep the mark. */
export function sharedContext(context: RequestContext): RequestContext {
  return Object.assign({ ...context }, { [key]: true });
}

/** Returns true if other callers may get the result of the request. */
export function isShared(context: RequestContext): boolean {
  return (context as { [key]?: boolean })[key] === true;
}
