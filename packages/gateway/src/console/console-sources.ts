/** The parts of a gateway that its console shows and changes. */
import type { ResponseCaching } from "../cache/response-caching.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { EraReport } from "../eras/era-report.ts";
import type { OverviewSources } from "./fleet-overview.ts";

export interface ConsoleSources extends OverviewSources {
  readonly config: () => CompleteConfig;
  /** Returns the configuration without secrets. */
  readonly shownConfig: () => unknown;
  readonly caching: () => ResponseCaching | undefined;
  /** Returns the era report, whose verdicts look back for a number of days. */
  readonly eras: (days: number) => EraReport | Promise<EraReport>;
  /**
   * Takes a replica out of service, or returns it. Returns false if there is no such replica, or its
   * upstream is a single process.
   */
  readonly setDrained: (upstream: string, replica: string, isDrained: boolean) => boolean;
  /** Called with a line about each change that an operator makes. */
  readonly notice: (line: string) => void;
}
