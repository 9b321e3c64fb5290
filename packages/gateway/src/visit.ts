/** The lists that the page of a gateway shows: those that a caller without credentials receives. */
import { type PagedEndpoint, pageContext } from "lutra/internal";
import { discover } from "lutra/protocol";
import type { HandlerSettings } from "./endpoint-table.ts";
import { createRecord, recordIn } from "./exchange-record.ts";
import { pageHead } from "./head/page-head.ts";
import { notRouted, starting } from "./refuse.ts";

/**
 * Creates the `visit` of a gateway. The requests take the routes of the current settings, with their
 * rules, limits and cache. A route that forwards lists without reading them shows none.
 */
export function createVisit(settings: () => HandlerSettings | undefined): PagedEndpoint["visit"] {
  return async (req, signal) => {
    const current = settings();
    if (current === undefined) throw starting();
    const { peers, callers, plan } = current;
    const principal = await callers?.identify(() => undefined, pageHead(req, peers, discover.name));
    return async (request) => {
      const head = pageHead(req, peers, request.method);
      const record = { ...createRecord(), head, principal: principal?.id, caller: principal };
      const found = plan.routes.find(record);
      const action = found && plan.actions[found.index]?.(record);
      if (found === undefined || action?.kind !== "serve") throw notRouted();
      record.route = found.index;
      const context = pageContext(request, { signal, principal, address: head.address });
      recordIn(context, record);
      return action.serve(request, context);
    };
  };
}
