/** The admin listener of a gateway with several processes, which answers for all of them. */
import { type AdminListener, openAdminListener } from "../admin/open-admin.ts";
import { hideSecrets } from "../config/hide-secrets.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { LoadedConsole } from "../console/load-console.ts";
import { createEraReport, type EraReport } from "../eras/era-report.ts";
import { type JointSourcesParts, jointSources } from "./joint-sources.ts";
import type { JointState } from "./joint-state.ts";
import type { MergedMetrics } from "./merged-metrics.ts";
import { mergedEras } from "./merged-state.ts";
import type { Processes } from "./processes.ts";

export interface JointAdminParts extends JointSourcesParts {
  readonly parsed: () => ParsedConfig;
  readonly processes: Processes;
  readonly metrics: MergedMetrics;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  readonly isClosing: () => boolean;
}

/** Interval at which the state is read for an open console, in milliseconds. */
const refreshMs = 1000;

/**
 * Opens the listener. Returns undefined if the configuration disables it.
 *
 * @param url The URL of the MCP endpoint
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openJointAdmin(
  parts: JointAdminParts,
  state: JointState,
  url: string,
): Promise<AdminListener | undefined> {
  const { parsed, processes, metrics, page } = parts;
  const shown = {
    ...state,
    shownConfig: () => hideSecrets(parsed().config, parsed().environment),
    eras: (days: number) => readEras(processes, parsed(), days),
  };
  const changes = jointSources(parts, state);
  const listener = await openAdminListener({ parsed, url, page, metrics, shown, changes });
  if (listener === undefined || page === undefined) return listener;
  const timer = setInterval(() => void state.refresh(), refreshMs).unref();
  const close = async () => {
    clearInterval(timer);
    await listener.close();
  };
  return { ...listener, close };
}

async function readEras(
  processes: Processes,
  { config: { listen, switchedOff, eras } }: ParsedConfig,
  days: number,
): Promise<EraReport> {
  // The first question makes all processes store their counts, which the second one then reads.
  if (eras !== undefined) await processes.askAll("eras", undefined);
  const counted = [...(await processes.askAll("eras", undefined)).values()];
  const merged = mergedEras(counted, eras !== undefined);
  return createEraReport({ ...merged, days, versions: listen.versions, switchedOff });
}
