/**
 * The requests to a server of an earlier revision that are passed on unparsed, in the open session of
 * their caller: those that would be forwarded unread to a server of the current revision.
 */
import { mayPass } from "../bridge/passed-route.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { ActionDependencies, FindSplice } from "./action.ts";
import { mirrorsNothing } from "./admission.ts";
import type { Denials } from "./denials.ts";
import { type RouteUpstream, subjectOfHead } from "./identify.ts";
import type { Reading } from "./reading.ts";

interface PassedRoute {
  readonly at: RouteUpstream;
  readonly upstream: Upstream;
  readonly denials: Denials | undefined;
  readonly reading: Reading;
}

/** Compiles the choice. Undefined if all requests must be parsed. */
export function compilePass(
  { at, upstream, denials, reading }: PassedRoute,
  { methods, decidingParams }: ActionDependencies,
): FindSplice | undefined {
  const { pass: send, visibility, mustServe, tool } = upstream;
  // Rules that depend on parameters need the parameters compared.
  if (send === undefined || decidingParams !== undefined) return undefined;
  if (reading.inSession.length > 0) return undefined;
  const passed = new Map(
    [...methods].filter(([, method]) => mayPass(method) && reading.of(method).length === 0),
  );
  return ({ record }) => {
    const { head, principal, caller } = record;
    const method = head.method === undefined ? undefined : passed.get(head.method);
    if (method === undefined || head.name === undefined || mustServe?.() !== true) return undefined;
    const subject = denials && subjectOfHead(at, { head, principal });
    // A refusal needs the id of the request, so the request is parsed.
    if (subject && denials?.find({ head, principal, caller, subject })) return undefined;
    if (visibility?.refusal(head) !== undefined) return undefined;
    return method.paramHeaders && !mirrorsNothing(tool(head.name)) ? undefined : { send };
  };
}
