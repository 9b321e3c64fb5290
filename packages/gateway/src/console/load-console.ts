/** Loads the part of the gateway that needs `@lutra/console`, if the console is on. */
import { loadOptional, MissingPackageError } from "lutra/internal";
import type { Method } from "lutra/protocol";
import type { Config } from "../config/schema.ts";
import { consoleSettings } from "./console-settings.ts";
import type { ConsoleSources } from "./console-sources.ts";
import type { OpenedConsole } from "./open-console.ts";
import { Recorder } from "./recorder.ts";

/** The console before the gateway has started. */
export interface LoadedConsole {
  /** Records exchanges from the start on. */
  readonly recorder: Recorder;
  /** @throws {Error} for the port of the sandbox if it is in use */
  readonly open: (sources: Omit<ConsoleSources, "recorder">) => Promise<OpenedConsole>;
}

export interface LoadConsoleOptions {
  /** True if the console is on when the configuration has no settings for it. */
  readonly isOnByDefault: boolean;
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods: readonly Method[];
}

/**
 * Loads the console. Returns undefined if it is off, and if it is only on by default and its package is
 * not installed.
 *
 * @throws {MissingPackageError} if the configuration has settings for it, and its package is not
 *   installed
 */
export async function loadConsole(
  { admin }: Pick<Config, "admin">,
  { isOnByDefault, methods }: LoadConsoleOptions,
): Promise<LoadedConsole | undefined> {
  const settings = consoleSettings(admin, isOnByDefault);
  if (settings === undefined) return undefined;
  const isWanted = admin !== false && admin.console !== undefined;
  const openConsole = await loadPage().catch((error: unknown) => {
    if (isWanted || !(error instanceof MissingPackageError)) throw error;
    return undefined;
  });
  if (openConsole === undefined) return undefined;
  const { exchanges: max, maxBytes, messages } = settings;
  const recorder = new Recorder({ max, maxBytes, messages, methods });
  return { recorder, open: (sources) => openConsole({ ...sources, recorder }, settings) };
}

async function loadPage() {
  const wanted = { name: "@lutra/console", feature: "the console" };
  return (await loadOptional(wanted, () => import("./open-console.ts"))).openConsole;
}
