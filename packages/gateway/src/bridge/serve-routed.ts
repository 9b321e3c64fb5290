/**
 * Serves requests that the gateway makes for legacy clients, by the same routes and rules as those of
 * other clients.
 */
import { copyContext, type ReadHeader } from "lutra/internal";
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

  return async (request, context) => {
    const current = plan();
    if (current === undefined) throw notRouted();
    const method = current.methods.get(request.method);
    const routed = (headers: MirroredHeaders): Routed => {
      return { request, context, method, mirrored: headers };
    };
    if (!method?.paramHeaders) return serveBy(current, routed(noMirrored));
    const params = mirrored.get(current) ?? new MirroredParams();
    mirrored.set(current, params);
    return params.call({
      request,
      context,
      isDecisive: current.hasParamRules,
      routeWith: (headers) => allowedRoute(current, routed(headers)),
      serveBy: (route) => (list, own) => {
        const listed = { request: list, context: own, mirrored: noMirrored };
        return serveBy(current, { ...listed, method: current.methods.get(list.method) }, route);
      },
      serve: (headers) => serveBy(current, routed(headers)),
    });
  };
}

interface Routed {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly method: Method | undefined;
  readonly mirrored: MirroredHeaders;
}

/** Returns the index of the route of a request. Undefined without one, and for a denial. */
function allowedRoute(plan: RoutingPlan, { context, ...routed }: Routed): number | undefined {
  const { sent } = partsOf(context);
  const { principal: caller } = context;
  const head = legacyHead({ ...routed, sent });
  const found = plan.routes.find({ head, principal: caller?.id, caller });
  return found?.config.deny === undefined ? found?.index : undefined;
}

/** Serves a request by its route, or by the one of this index. */
async function serveBy(
  plan: RoutingPlan,
  { context, ...routed }: Routed,
  index?: number,
): Promise<Result> {
  const { record, header, sent, complete } = partsOf(context);
  const source = { ...routed, sent };
  record.head = legacyHead(source);
  record.principal = context.principal?.id;
  record.caller = context.principal;
  const found = index === undefined ? plan.routes.find(record) : plan.routes.all[index];
  const action = found && plan.actions[found.index]?.(record);
  if (found === undefined || action === undefined) throw notRouted();
  record.route = found.index;
  if (action.kind === "refuse") {
    if (action.denial !== undefined) recordDenial(record, action.denial);
    throw action.error;
  }
  const own = copyContext(context, {
    header: headerReaderFor(header, source),
    notify: observeLegacy(record, context.notify),
  });
  recordIn(own, record);
  return action.serve(routed.request, own).catch((thrown: unknown) => {
    throw withChallenge(thrown, complete);
  });
}

function partsOf(context: RequestContext): LegacyExchangeParts {
  const parts = (context as { readonly [key]?: LegacyExchangeParts })[key];
  if (parts === undefined) throw notRouted();
  return parts;
}
