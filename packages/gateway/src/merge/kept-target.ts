/** The target of a request, and its answer if it was sent already, in the context of the request. */
import type { RequestContext } from "lutra/protocol";
import type { Answer } from "../delivery/open-answer.ts";
import type { Target } from "./find-upstream.ts";

const key = Symbol("lutra.gateway.target");

interface Kept {
  readonly target: Promise<Target>;
  /** The answer of the target's upstream. Absent for a request that is still to be sent. */
  readonly answer?: Answer | undefined;
}

/** Keeps the target of a request in its context; copies of the context keep it. */
export function keepTarget(
  context: RequestContext,
  target: Promise<Target>,
  answer?: Answer | undefined,
): void {
  (context as { [key]?: Kept })[key] = { target, answer };
}

/** Returns the target that a context keeps. */
export function targetIn(context: RequestContext): Promise<Target> | undefined {
  return keptIn(context)?.target;
}

/** Returns the answer that a context keeps. */
export function answerIn(context: RequestContext): Answer | undefined {
  return keptIn(context)?.answer;
}

function keptIn(context: RequestContext): Kept | undefined {
  return (context as { [key]?: Kept })[key];
}
