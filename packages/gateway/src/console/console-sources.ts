/** The parts of a gateway that its console shows and changes. */
import type { ListedResponse } from "lutra/stores";
import type { ResponseCaching } from "../cache/response-caching.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { EraReport } from "../eras/era-report.ts";
import type { LimitUseStats } from "../limits/limit-use.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { OverviewSources } from "./fleet-overview.ts";

/** A response that is in the caches of one or more processes. */
export interface ShownResponse extends ListedResponse {
  /** Number of processes whose cache has it. Absent for a gateway with one process. */
  readonly processes?: number;
}

/** The cache, or the caches of several processes. */
export interface ShownCaching extends Pick<ResponseCaching, "stats" | "evict"> {
  readonly list: (max: number) => readonly ShownResponse[] | Promise<readonly ShownResponse[]>;
}

export interface ConsoleSources extends OverviewSources {
  readonly config: () => CompleteConfig;
  /** Returns the configuration without secrets. */
  readonly shownConfig: () => unknown;
  readonly caching: () => ShownCaching | undefined;
  /** Returns the era report, whose verdicts look back for a number of days. */
  readonly eras: (days: number) => EraReport | Promise<EraReport>;
  /**
   * Takes a replica out of service, or returns it. Returns false if there is no such replica, or its
   * upstream is a single process.
   */
  readonly setDrained: (upstream: string, replica: string, isDrained: boolean) => boolean;
  /** Returns the use of each limit, in the order of the configuration. */
  readonly limitUses: () => readonly LimitUseStats[] | Promise<readonly LimitUseStats[]>;
  /** Returns the upstreams, for the tasks in their stores. */
  readonly taskUpstreams: () => readonly Pick<Upstream, "name" | "serve" | "listTasks">[];
  /** Called with a line about each change that an operator makes. */
  readonly notice: (line: string) => void;
}
