/**
 * Identifies the subjects of served requests, and applies the denials that depend on them. Everything
 * behind this middleware finds the subject in the record of the exchange.
 */
import type { JSONRPCRequest, Middleware, RequestContext } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import { denied } from "../refuse.ts";
import { referenceIn, referenceOfHead } from "../subjects/reference.ts";
import { Subject } from "../subjects/subject.ts";
import type { Methods } from "./admission.ts";
import { type Denials, recordDenial } from "./denials.ts";
import type { RoutingInput } from "./match.ts";

/** Returns the subject of a request, or undefined if it addresses no known entry. */
export type Identify = (
  request: JSONRPCRequest,
  context: RequestContext,
) => Subject | undefined | Promise<Subject | undefined>;

/** Identifies requests. Refuses those that a denial applies to. */
export function identify(identifyRequest: Identify, denials: Denials | undefined): Middleware {
  return (next) => async (request, context) => {
    const record = recordOf(context);
    if (record === undefined) return next(request, context);
    const subject = await identifyRequest(request, context);
    record.subject = subject;
    const denial = subject && denials?.find({ ...record, subject });
    if (denial === undefined) return next(request, context);
    recordDenial(record, denial);
    throw denied(denial.reason);
  };
}

/** The upstream of a route, as the subjects of its requests name it. */
export interface RouteUpstream {
  readonly name: string;
  /** The first of the upstreams between which the route divides its requests. */
  readonly countedAt: string;
  /** The name that replaces the one in requests. */
  readonly rename: string | undefined;
}

/** Returns the `Identify` of a route to one upstream. */
export function identifyAt(upstream: RouteUpstream, methods: Methods): Identify {
  return ({ method, params }) => {
    const reference = referenceIn(method, params, methods);
    return reference && subjectAt(upstream, reference.kind, reference.name);
  };
}

/** Returns the subject of a request to one upstream, as far as its head tells. */
export function subjectOfHead(
  upstream: RouteUpstream,
  { head }: RoutingInput,
): Subject | undefined {
  const reference = referenceOfHead(head);
  return reference && subjectAt(upstream, reference.kind, reference.name);
}

function subjectAt(
  { name, countedAt, rename }: RouteUpstream,
  kind: Subject["kind"],
  sent: string,
): Subject {
  return new Subject(name, kind, rename ?? sent, countedAt);
}
