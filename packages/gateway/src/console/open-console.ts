/**
 * The console of a gateway. Only this file and its routes import `@lutra/console`; they are loaded when
 * the console is on.
 */
import { type Console, createConsole } from "@lutra/console";
import { type ConsoleSettings, isLoopback } from "./console-settings.ts";
import type { ConsoleSources } from "./console-sources.ts";
import { fleetRoutes } from "./fleet-routes.ts";
import { traceRoutes } from "./trace-routes.ts";

/** Creates the console. */
export function openConsole(sources: ConsoleSources, settings: ConsoleSettings): Console {
  const { exchanges, messages } = settings;
  const { admin } = sources.config();
  const isLocal = admin !== false && isLoopback(admin.host);
  return createConsole({
    title: sources.name(),
    views: ["fleet", "traces"],
    routes: [...fleetRoutes(sources), ...traceRoutes(sources.recorder, { exchanges, messages })],
    // Other listeners may be reached under any name. Access depends on the cookie.
    ...(isLocal ? {} : { isAllowedHost: () => true }),
    onError: (error) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      sources.notice(`console: ${reason}`);
    },
  });
}
