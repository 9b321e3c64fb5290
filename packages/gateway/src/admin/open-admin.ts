/** Opens the admin listener of a gateway, with the console if it is on. */
import type { OwnEndpoint } from "lutra/internal";
import { adminTlsOf } from "../config/certificates.ts";
import { hideSecrets } from "../config/hide-secrets.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { LoadedConsole } from "../console/load-console.ts";
import type { OpenedConsole } from "../console/open-console.ts";
import { createEraReport } from "../eras/era-report.ts";
import type { Eras } from "../eras/open-eras.ts";
import { ListenError } from "../listen-error.ts";
import type { RunningConfig } from "../running-config.ts";
import { type AdminOptions, startAdmin } from "./admin.ts";
import type { Metrics } from "./metrics.ts";
import { type Readiness, readinessOf } from "./readiness.ts";

/** The parts of a gateway that operators see. */
export interface AdminParts {
  readonly running: RunningConfig;
  readonly metrics: Metrics;
  readonly eras: Eras;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  readonly notice: (line: string) => void;
}

export interface AdminListener extends OwnEndpoint {
  /** The link to the console. `undefined` if it is off. */
  readonly consoleUrl: string | undefined;
}

/**
 * Opens the listener. Returns undefined if the configuration disables it.
 *
 * @param url The URL of the MCP endpoint
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openAdmin(
  parts: AdminParts,
  url: string,
): Promise<AdminListener | undefined> {
  const { running, metrics, page, notice } = parts;
  const changes = {
    caching: () => running.caching,
    limitUses: () => running.limitUses(),
    taskUpstreams: () => running.upstreams,
    canDrain: (upstream: string) => running.canDrain(upstream),
    setDrained: (...change: Parameters<RunningConfig["setDrained"]>) =>
      running.setDrained(...change),
    notice,
  };
  const shown = stateOf(parts);
  return openAdminListener({ parsed: () => running.parsed, url, page, metrics, shown, changes });
}

type Sources = Parameters<LoadedConsole["open"]>[0];

type ShownState = Pick<
  AdminOptions,
  "upstreams" | "eras" | "shownConfig" | "readiness" | "refresh"
>;

/** Everything that the admin listener shows, of one process or of several. */
export interface AdminView {
  readonly parsed: () => ParsedConfig;
  /** The URL of the MCP endpoint. */
  readonly url: string;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** The state that the listener and the console show. */
  readonly shown: ShownState;
  /** The parts of the console that change something. */
  readonly changes: Omit<Sources, keyof ShownState | "name" | "url" | "config">;
}

/**
 * Opens the listener with its console, by the settings in `admin`. Returns undefined if the
 * configuration disables it.
 *
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openAdminListener({
  parsed,
  url,
  page,
  metrics,
  shown,
  changes,
}: AdminView): Promise<AdminListener | undefined> {
  const { admin: config } = parsed().config;
  if (config === false) return undefined;
  const whole = { name: () => parsed().config.name, config: () => parsed().config };
  const opened = await openPage(page, { ...shown, ...changes, ...whole, url: () => url });
  try {
    const about = () => {
      const { listen, name } = parsed().config;
      return listen.page ? { name, url } : undefined;
    };
    const tls = adminTlsOf(parsed());
    const own = { config, tls, metrics, about, console: opened?.handle };
    const listener = await startAdmin({ ...shown, ...own });
    const close = async () => {
      await Promise.all([listener.close(), opened?.close()]);
    };
    return { ...listener, close, consoleUrl: opened?.linkAt(listener.url) };
  } catch (cause) {
    await opened?.close();
    throw new ListenError("admin", config, cause);
  }
}

/**
 * Opens the console, if it is on.
 *
 * @throws {ListenError} for the port of the sandbox if it is in use
 */
async function openPage(
  page: LoadedConsole | undefined,
  sources: Parameters<LoadedConsole["open"]>[0],
): Promise<OpenedConsole | undefined> {
  try {
    return await page?.open(sources);
  } catch (cause) {
    const { admin } = sources.config();
    const { host = "", console: settings } = admin === false ? {} : admin;
    const { port } = settings ? settings.sandbox : { port: 0 };
    throw new ListenError("admin", { host, port }, cause, "admin.console.sandbox");
  }
}

/** Returns what the listener and the console show. */
function stateOf({ running, eras }: AdminParts) {
  return {
    upstreams: () => running.statuses(),
    eras: async (days: number) => {
      const { listen, switchedOff } = running.config;
      const counted = await eras.read();
      return createEraReport({ ...counted, days, versions: listen.versions, switchedOff });
    },
    shownConfig: () => hideSecrets(running.config, running.parsed.environment),
    readiness: (): Readiness =>
      running.isDraining
        ? { isReady: false, problem: "the gateway is closing" }
        : readinessOf(running.config, running.statuses()),
  };
}
