/**
 * Exports spans by OTLP when the environment names a collector. The packages of OpenTelemetry are
 * loaded only then.
 */
import type { Tracing } from "./export-spans.ts";
import { notice as print } from "./notice.ts";
import { version } from "./own-version.ts";

/** The packages that the export needs. Its SDK works with this version of the API. */
const packages = [
  "@opentelemetry/api@1.9",
  "@opentelemetry/sdk-trace-node",
  "@opentelemetry/resources",
  "@opentelemetry/exporter-trace-otlp-http",
];

/** Time after which the export of the remaining spans is given up, in milliseconds. */
const closeMs = 2000;

/** A server, which is named in its spans. A module may export another object with `serve`. */
interface Named {
  readonly info?: { readonly name: string };
}

/**
 * Starts the export of the spans of a server if `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
 * is set. Without the packages it prints the command that installs them, and nothing is exported: an
 * operator may set the variable for all programs of a host.
 *
 * @param notice Called with the message about a missing package. @default prints it
 */
export async function startTracing(
  { info }: Named,
  notice: (message: string) => void = print,
  load: () => Promise<Pick<typeof import("./export-spans.ts"), "exportSpans">> = loadExport,
): Promise<Tracing | undefined> {
  if (!isConfigured(process.env)) return undefined;
  const { MissingPackageError, loadOptional } = await import("lutra/internal");
  try {
    const name = "@opentelemetry/";
    const { exportSpans } = await loadOptional({ name, feature: "tracing" }, load);
    return exportSpans({ serviceName: info?.name ?? "lutra", version, closeMs });
  } catch (error) {
    if (!(error instanceof MissingPackageError)) throw error;
    notice(`tracing is off; install its packages with: npm install ${packages.join(" ")}`);
    return undefined;
  }
}

function loadExport() {
  return import("./export-spans.ts");
}

function isConfigured(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return false;
  if (env.OTEL_TRACES_EXPORTER === "none") return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}
