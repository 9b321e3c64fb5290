/**
 * Serves requests that the gateway makes for legacy clients, by the same routes and rules as those of
 * other clients.
 */
import type { ReadHeader } from "lutra/internal";
import type { JSONRPCRequest, Method, RequestContext, Result, Serve } from "lutra/protocol";
import { withChallenge } from "../delivery/response-status.ts";
import { observeLegacy } from "../eras/observe-client.ts";
import { type ExchangeRecord, recordIn } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";
import { notRouted } from "../refuse.ts";
import { recordDenial } from "../routes/denials.ts";
import type { RoutingPlan } from "../routing-plan.ts";
import { headerReaderFor, legacyHead, type MirroredHeaders, noMirrored } from "./legacy-head.ts";
import { MirroredParams } from "./mirrored-params.ts";

/** The exchange of a legacy client, from which the heads of its requests are made. */
export interface LegacyExchangeParts {
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  /** The head that the client has sent. */
  readonly sent: Head;
  /** Completes the challenge of an upstream, where the gateway is protected. */
  readonly complete?: ((challenge: string) => string) | undefined;
}

const key = Symbol("lutra.gateway.legacy");

/** Returns the members that the contexts of a legacy client's requests get. */
export function legacyMembers(parts: LegacyExchangeParts): object {
  return { [key]: parts };
}

/** Returns the record of the exchange whose contexts have these members. */
export function recordInMembers(members: object | undefined): ExchangeRecord | undefined {
  return (members as { readonly [key]?: LegacyExchangeParts } | undefined)?.[key]?.record;
}

/** Creates the `serve` of all routes. `plan` returns the current plan. */
export function createRoutedServe(plan: () => RoutingPlan | undefined): Serve {
  /** The annotations of tools may differ in the next plan. */
  const mirrored = new WeakMap<RoutingPlan, MirroredParams>();

  const serve: Serve = async (request, context) => {
    const current = plan();
    if (current === undefined) throw notRouted();
    const method = current.methods.get(request.method);
    const routed = (headers: MirroredHeaders) =>
      serveBy(current, { request, context, method, mirrored: headers });
    if (!method?.paramHeaders) return routed(noMirrored);
    const params = mirrored.get(current) ?? new MirroredParams(serve);
    mirrored.set(current, params);
    const isDecisive = current.hasParamRules;
    return params.call(request, context, { isDecisive, serve: routed });
  };
  return serve;
}

interface Routed {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly method: Method | undefined;
  readonly mirrored: MirroredHeaders;
}

async function serveBy(plan: RoutingPlan, { context, ...routed }: Routed): Promise<Result> {
  const parts = (context as { readonly [key]?: LegacyExchangeParts })[key];
  if (parts === undefined) throw notRouted();
  const { record, header, sent, complete } = parts;
  const source = { ...routed, sent };
  record.head = legacyHead(source);
  record.principal = context.principal?.id;
  record.caller = context.principal;
  const found = plan.routes.find(record);
  const action = found && plan.actions[found.index]?.(record);
  if (found === undefined || action === undefined) throw notRouted();
  record.route = found.index;
  if (action.kind === "refuse") {
    if (action.denial !== undefined) recordDenial(record, action.denial);
    throw action.error;
  }
  const own: RequestContext = {
    ...context,
    header: headerReaderFor(header, source),
    notify: observeLegacy(record, context.notify),
  };
  recordIn(own, record);
  return action.serve(routed.request, own).catch((thrown: unknown) => {
    throw withChallenge(thrown, complete);
  });
}
