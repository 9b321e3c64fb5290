/** Finds the endpoints of a gateway by the host of a request. */

/** The part of an endpoint by which it is found. */
export interface EndpointPlace {
  /** The names in `Host`, in lower case. Empty for every name that no endpoint lists. */
  readonly hosts: readonly string[];
}

export class EndpointIndex<E extends EndpointPlace> {
  /** The endpoints for hosts that no endpoint lists. */
  readonly others: readonly E[];
  /** The endpoints that list a host, by its name in lower case. */
  readonly #byHost = new Map<string, readonly E[]>();

  constructor(all: readonly E[]) {
    this.others = all.filter(({ hosts }) => hosts.length === 0);
    for (const host of new Set(all.flatMap(({ hosts }) => hosts))) {
      this.#byHost.set(
        host,
        all.filter(({ hosts }) => hosts.includes(host)),
      );
    }
  }

  /** Returns the endpoints for a value of `Host`. */
  at(host = ""): readonly E[] {
    // Most gateways have one endpoint for all hosts.
    if (this.#byHost.size === 0) return this.others;
    return this.#byHost.get(host.toLowerCase().replace(/:\d+$/, "")) ?? this.others;
  }
}
