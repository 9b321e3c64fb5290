/** The target of a request, in the context of the request. */
import type { RequestContext } from "lutra/protocol";
import type { Target } from "./find-upstream.ts";

const key = Symbol("lutra.gateway.target");

/** Keeps the target of a request in its context; copies of the context keep it. */
export function keepTarget(context: RequestContext, target: Promise<Target>): void {
  (context as { [key]?: Promise<Target> })[key] = target;
}

/** Returns the target that a context keeps. */
export function targetIn(context: RequestContext): Promise<Target> | undefined {
  return (context as { [key]?: Promise<Target> })[key];
}
