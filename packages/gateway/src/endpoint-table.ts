/** The endpoints of a gateway, by host and path. */
import type { IncomingMessage } from "node:http";
import { type NodeEndpoint, targetOf } from "lutra/internal";
import type { Middleware } from "lutra/protocol";
import type { Callers } from "./callers.ts";
import { EndpointIndex } from "./config/endpoint-index.ts";
import type { ResponseBudget } from "./delivery/response-budget.ts";
import type { Peers } from "./head/peers.ts";
import type { RoutingPlan } from "./routing-plan.ts";
import type { SignInPages } from "./sign-in/sign-in-pages.ts";
import type { StartTrace } from "./tracing/start-trace.ts";

/** The part of the configuration that the requests to one endpoint depend on. */
export interface HandlerSettings {
  /** The name of the endpoint. Absent for the endpoint without a name. */
  readonly name?: string | undefined;
  /** The names in `Host`, in lower case. Empty for every name that no endpoint lists. */
  readonly hosts: readonly string[];
  readonly path: string;
  readonly endpoint: NodeEndpoint;
  readonly peers: Peers;
  /** Absent when the gateway verifies no callers. */
  readonly callers?: Callers | undefined;
  readonly plan: RoutingPlan;
  /** The pages on which users connect accounts. Absent for a gateway without sign-ins. */
  readonly pages?: SignInPages | undefined;
  /** The memory for responses. */
  readonly responses: Pick<ResponseBudget, "share">;
  /** Starts the spans of exchanges. Undefined without tracing. */
  readonly startTrace?: StartTrace | undefined;
  /** Observes the requests that are read. Undefined without the console. */
  readonly observer?: Middleware | undefined;
}

/** The settings of all endpoints; a reload replaces them as a whole. */
export class EndpointTable {
  readonly all: readonly HandlerSettings[];
  /** The endpoint without a name. Undefined for a gateway that has only endpoints with names. */
  readonly main: HandlerSettings | undefined;
  readonly #index: EndpointIndex<HandlerSettings>;

  constructor(all: readonly HandlerSettings[]) {
    this.all = all;
    this.main = all.find(({ name }) => name === undefined);
    this.#index = new EndpointIndex(all);
  }

  /**
   * Returns the endpoint of a request: that at its path, or that whose metadata it asks for, which have
   * paths of their own.
   */
  find(req: IncomingMessage): HandlerSettings | undefined {
    const { path, host } = targetOf(req);
    const known = this.#index.at(host ?? req.headers.host);
    for (const one of known) if (one.path === path) return one;
    return known.find(({ endpoint }) => endpoint.rules.resource?.document(path) !== undefined);
  }

  /** Returns the endpoint without a name, if it is one for the host of a request. */
  mainAt(req: IncomingMessage): HandlerSettings | undefined {
    const known = this.#index.at(targetOf(req).host ?? req.headers.host);
    return known === this.#index.others ? this.main : undefined;
  }

  /** Returns the endpoint of this name; undefined for one that a reload has removed. */
  named(name: string | undefined): HandlerSettings | undefined {
    return this.all.find((one) => one.name === name);
  }
}
