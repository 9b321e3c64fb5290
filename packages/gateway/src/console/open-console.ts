/**
 * The console of a gateway. Only this file and its routes import `@lutra/console`; they are loaded when
 * the console is on.
 */
import { type Console, createConsole, createExplorer, type Explorer } from "@lutra/console";
import { createClient } from "lutra/client";
import { version } from "../own-version.ts";
import { type ConsoleSettings, isLoopback } from "./console-settings.ts";
import type { ConsoleSources } from "./console-sources.ts";
import { fleetRoutes } from "./fleet-routes.ts";
import { traceRoutes } from "./trace-routes.ts";

export interface OpenedConsole extends Console {
  readonly close: () => Promise<void>;
}

/** Creates the console. The view "Explore" is a client of the gateway like any other. */
export function openConsole(sources: ConsoleSources, settings: ConsoleSettings): OpenedConsole {
  const { exchanges, messages } = settings;
  const { admin } = sources.config();
  const isLocal = admin !== false && isLoopback(admin.host);
  const explorer = explorerOf(sources);
  const console = createConsole({
    title: sources.name(),
    views: ["fleet", "traces", ...(explorer ? ["explore"] : [])],
    routes: [
      ...fleetRoutes(sources),
      ...traceRoutes(sources.recorder, { exchanges, messages }),
      ...(explorer?.routes ?? []),
    ],
    // Other listeners may be reached under any name. Access depends on the cookie.
    ...(isLocal ? {} : { isAllowedHost: () => true }),
    onError: (error) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      sources.notice(`console: ${reason}`);
    },
  });
  return { ...console, close: async () => explorer?.close() };
}

/** Returns the backend of the view "Explore"; undefined for a gateway at a Unix socket. */
function explorerOf(sources: ConsoleSources): Explorer | undefined {
  const url = sources.url();
  if (!url.startsWith("http")) return undefined;
  return createExplorer({
    target: { kind: "url", label: sources.name(), url },
    connect: (options) => {
      const client = createClient(url, {
        ...options,
        clientInfo: { name: "lutra-console", version },
      });
      return { client, close: () => client.close() };
    },
  });
}
