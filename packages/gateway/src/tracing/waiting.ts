/** The spans of policies for which a request waits. */
import type { Middleware } from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";

/** Wraps a policy, so that the time until it lets a request pass or refuses it has a span. */
export function tracedWait(policy: string, middleware: Middleware): Middleware {
  return (next) => {
    const waiting = middleware((request, context) => {
      recordOf(context)?.trace?.waited(policy);
      return next(request, context);
    });
    return async (request, context) => {
      const trace = recordOf(context)?.trace;
      trace?.wait(policy);
      try {
        return await waiting(request, context);
      } finally {
        trace?.waited(policy);
      }
    };
  };
}
