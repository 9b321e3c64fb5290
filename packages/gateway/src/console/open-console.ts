/**
 * The console of a gateway. Only this file and its routes import `@lutra/console`; they are loaded when
 * the console is on.
 */
import {
  type AppSandbox,
  type Console,
  createConsole,
  createExplorer,
  type Explorer,
  openAppSandbox,
} from "@lutra/console";
import { createClient } from "lutra/client";
import { version } from "../own-version.ts";
import { type ConsoleSettings, isLoopback } from "./console-settings.ts";
import type { ConsoleSources } from "./console-sources.ts";
import { fleetRoutes } from "./fleet-routes.ts";
import { traceRoutes } from "./trace-routes.ts";

export interface OpenedConsole extends Console {
  readonly close: () => Promise<void>;
}

/**
 * Creates the console. The view "Explore" is a client of the gateway like any other. It shows apps if
 * only this machine can reach the listener, because the sandbox has to know the origin of the page.
 *
 * @throws {Error} for the port of the sandbox if it is in use
 */
export async function openConsole(
  sources: ConsoleSources,
  { exchanges, messages, sandbox: { port } }: ConsoleSettings,
): Promise<OpenedConsole> {
  const { admin } = sources.config();
  const isLocal = admin !== false && isLoopback(admin.host);
  const sandbox = isLocal ? await openAppSandbox({ host: admin.host, port }) : undefined;
  const explorer = explorerOf(sources, sandbox);
  const console = createConsole({
    title: sources.name(),
    frames: sandbox === undefined ? [] : [sandbox.origin],
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
  return {
    handle: console.handle,
    linkAt: (origin) => {
      sandbox?.allow(origin);
      return console.linkAt(origin);
    },
    close: async () => {
      await Promise.all([explorer?.close(), sandbox?.close()]);
    },
  };
}

/** Returns the backend of the view "Explore"; undefined for a gateway at a Unix socket. */
function explorerOf(sources: ConsoleSources, sandbox?: AppSandbox): Explorer | undefined {
  const url = sources.url();
  if (!url.startsWith("http")) return undefined;
  return createExplorer({
    target: { kind: "url", label: sources.name(), url },
    sandbox: sandbox?.origin,
    connect: (options) => {
      const client = createClient(url, {
        ...options,
        clientInfo: { name: "lutra-console", version },
      });
      return { client, close: () => client.close() };
    },
  });
}
