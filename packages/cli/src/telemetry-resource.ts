/** The description of this process in exported spans and metrics. */
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";

export interface ExportOptions {
  /** The name of the service, unless the environment sets one. */
  readonly serviceName: string;
  readonly version: string;
  /** Time after which the last export is given up, in milliseconds. */
  readonly closeMs: number;
}

/** A running export. */
export interface Export {
  /** Exports the rest, for a limited time. */
  readonly close: () => Promise<void>;
}

/** Returns the resource of this process. The environment takes precedence. */
export function resourceOf({ serviceName, version }: ExportOptions): Resource {
  const own = {
    "service.name": serviceName,
    "service.version": version,
    "process.pid": process.pid,
  };
  return defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [envDetector] }));
}

/** Shuts a provider down. A collector that is unavailable must not fail the program. */
export async function shutDown(
  provider: { readonly shutdown: () => Promise<void> },
  { closeMs }: ExportOptions,
): Promise<void> {
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, closeMs).unref();
  });
  await Promise.race([provider.shutdown().catch(() => {}), late]);
}
