/**
 * Exports spans and metrics by OTLP when the environment names a collector. The packages of
 * OpenTelemetry are loaded only then.
 */
import type { Observer, Shared } from "lutra/server";
import { notice as print } from "./notice.ts";
import { version } from "./own-version.ts";
import type { Export, ExportOptions } from "./telemetry-resource.ts";

export interface Tracing {
  /** Records the spans and the metrics of a server. */
  readonly observer: Observer;
  /** Returns the shared state with spans for the calls to its stores. */
  readonly traceStores: (shared: Shared) => Shared;
  /** Exports the remaining spans and metrics. */
  readonly close: () => Promise<void>;
}

type StartExport = (options: ExportOptions) => Export;

/** One of the things that a program exports. */
interface Signal {
  readonly name: string;
  /** The part of the names of variables, as in `OTEL_TRACES_EXPORTER`. */
  readonly variable: "TRACES" | "METRICS";
  /** The packages that its export needs. */
  readonly packages: readonly string[];
  readonly load: () => Promise<StartExport>;
}

/** The SDK works with this version of the API. */
const common = ["@opentelemetry/api@1.9", "@opentelemetry/resources"];

const traces: Signal = {
  name: "tracing",
  variable: "TRACES",
  packages: ["@opentelemetry/sdk-trace-node", "@opentelemetry/exporter-trace-otlp-http"],
  load: async () => (await import("./export-spans.ts")).exportSpans,
};

const metrics: Signal = {
  name: "metrics",
  variable: "METRICS",
  packages: ["@opentelemetry/sdk-metrics", "@opentelemetry/exporter-metrics-otlp-http"],
  load: async () => (await import("./export-metrics.ts")).exportMetrics,
};

export const allSignals: readonly Signal[] = [traces, metrics];

/** Time after which the export of the remaining spans and metrics is given up, in milliseconds. */
const closeMs = 2000;

/** A server, which is named in its spans. A module may export another object with `serve`. */
interface Named {
  readonly info?: { readonly name: string };
}

interface StartOptions {
  /** Called with the message about missing packages. @default prints it */
  readonly notice?: (message: string) => void;
  /** @default traces and metrics */
  readonly signals?: readonly Signal[];
}

/**
 * Starts the exports for which the environment names a collector, in `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * in the variable of a signal. Without the packages it prints the command that installs them, and
 * nothing is exported: an operator may set the variable for all programs of a host.
 */
export async function startTracing(
  { info }: Named,
  { notice = print, signals = allSignals }: StartOptions = {},
): Promise<Tracing | undefined> {
  const wanted = signals.filter(isConfigured);
  if (wanted.length === 0) return undefined;
  const options = { serviceName: info?.name ?? "lutra", version, closeMs };
  const exports: Export[] = [];
  const missing: Signal[] = [];
  for (const signal of wanted) {
    const start = await loadSignal(signal);
    if (start === undefined) missing.push(signal);
    else exports.push(start(options));
  }
  if (missing.length > 0) {
    const { names, packages } = namesOf(missing);
    notice(`without ${names}; install the packages with: npm install ${packages}`);
  }
  if (exports.length === 0) return undefined;
  const { traceServer, traceStores } = await import("lutra/otel");
  return {
    observer: traceServer(),
    traceStores,
    close: async () => {
      await Promise.all(exports.map(({ close }) => close()));
    },
  };
}

/** Returns the function that starts an export, or undefined if a package is missing. */
async function loadSignal({ name, load }: Signal): Promise<StartExport | undefined> {
  const { MissingPackageError, loadOptional } = await import("lutra/internal");
  try {
    return await loadOptional({ name: "@opentelemetry/", feature: name }, load);
  } catch (error) {
    if (error instanceof MissingPackageError) return undefined;
    throw error;
  }
}

function namesOf(missing: readonly Signal[]): {
  readonly names: string;
  readonly packages: string;
} {
  const packages = [...common, ...missing.flatMap((signal) => signal.packages)];
  return { names: missing.map(({ name }) => name).join(" and "), packages: packages.join(" ") };
}

function isConfigured({ variable }: Signal): boolean {
  const { env } = process;
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return false;
  if (env[`OTEL_${variable}_EXPORTER`] === "none") return false;
  const own = env[`OTEL_EXPORTER_OTLP_${variable}_ENDPOINT`];
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || own);
}
