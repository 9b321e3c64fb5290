/** The resources of a gateway that no reload replaces: log, stores, tracing and console. */

import type { Method } from "lutra/protocol";
import type { ParsedConfig } from "./config/parse-config.ts";
import { type LoadedConsole, loadConsole } from "./console/load-console.ts";
import { type Eras, openEras } from "./eras/open-eras.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import type { GatewayPart } from "./gateway-part.ts";
import type { AccessLog } from "./log/access-log.ts";
import { openLog } from "./log/open-log.ts";
import { openSharing, type Sharing } from "./shared/open-shared.ts";
import { type OpenSignIn, openSignIn } from "./sign-in/open-sign-in.ts";
import type { StartMeter } from "./tracing/gateway-meter.ts";
import { loadTracing, type Tracing } from "./tracing/load-tracing.ts";
import type { StartTrace } from "./tracing/start-trace.ts";
import { withTimeline } from "./tracing/timeline.ts";

export interface GatewayResources {
  /** Undefined without tracing. */
  readonly startTrace: StartTrace | undefined;
  /** Undefined without tracing, and if the application has registered no meter provider. */
  readonly startMeter: StartMeter | undefined;
  /** Undefined if the log is off. */
  readonly log: AccessLog | undefined;
  /** Undefined for a gateway that shares nothing. */
  readonly sharing: Sharing | undefined;
  readonly signIn: OpenSignIn | undefined;
  readonly eras: Eras;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  /** Adds a resource that `close` releases. Returns it. */
  readonly held: Hold;
  /** Releases all of them, the last one first. */
  readonly close: () => Promise<void>;
}

type Hold = <T>(resource: T, release: (opened: NonNullable<T>) => void | Promise<void>) => T;

/** The options, with their defaults. */
export interface CompleteOptions extends GatewayOptions {
  readonly notice: (line: string) => void;
  readonly methods: readonly Method[];
}

/**
 * Opens the resources in the order of their use. If one can't be opened, releases the others.
 *
 * @throws {ConfigError} for a log file that can't be opened
 * @throws {Error} if the stores of `shared` can't be reached
 * @throws {MissingPackageError} for tracing without the package `@opentelemetry/api`
 */
export async function openGatewayResources(
  first: ParsedConfig,
  options: CompleteOptions & { readonly part?: GatewayPart | undefined },
): Promise<GatewayResources> {
  const { config } = first;
  const { notice, methods, console: isOnByDefault = false } = options;
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    // Exchanges that were cut off are logged once their connections have closed.
    await new Promise((resolve) => setImmediate(resolve));
    for (const release of closers.splice(0).reverse()) await release();
  };
  const held: Hold = (resource, release) => {
    if (resource != null) closers.push(() => release(resource));
    return resource;
  };
  try {
    const isTraced = config.tracing ?? options.tracing ?? false;
    const { startTrace: spans, startMeter } = isTraced ? await loadTracing() : noTracing;
    const page = await loadConsole(config, { isOnByDefault, methods });
    const isRecorded = page !== undefined || options.part?.recorder !== undefined;
    const startTrace = isRecorded ? withTimeline(spans) : spans;
    const log = held(openLog(config.log, options, fileOf(first)), closeLog);
    const sharing = held(await openSharing(config, options.openShared, notice), (one) =>
      one.close(),
    );
    const signIn = held(await openSignIn(config, options), (one) => one.close());
    const eras = held(await openEras(config, options), (one) => one.close());
    return { startTrace, startMeter, log, sharing, signIn, eras, page, held, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const noTracing: { readonly [Part in keyof Tracing]: undefined } = {
  startTrace: undefined,
  startMeter: undefined,
};

async function closeLog(log: AccessLog): Promise<void> {
  await log.flush();
  log.close();
}

/** Returns the path of the configuration file, for errors. */
function fileOf(first: ParsedConfig): string | undefined {
  return "file" in first && typeof first.file === "string" ? first.file : undefined;
}
