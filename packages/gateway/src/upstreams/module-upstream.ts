/** An upstream whose replicas are processes that run a server module. */
import type { UpstreamConfig } from "../config/schema.ts";
import { systemClock } from "../replicas/clock.ts";
import {
  createHttpUpstream,
  type HttpUpstream,
  type HttpUpstreamOptions,
} from "./http-upstream.ts";

/** What is to be run. */
export interface ModuleSpec {
  /** The name of the upstream. */
  readonly name: string;
  readonly module: string;
  readonly replicas: number;
  /** Where the server keeps tasks and handles, as a URL. @default what lives as long as the processes */
  readonly store?: string | undefined;
  /** What carries events, as a URL. @default the store where it can, else the processes' supervisor */
  readonly bus?: string | undefined;
  /** Lets a replica answer requests until the returned function is called. */
  readonly onReady: (replica: RunningReplica) => () => void;
}

export interface RunningReplica {
  /** Its place among the replicas, from 1; the one that takes its place has the same. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly socketPath: string;
}

/** Processes that run a module, replaced when they die. */
export interface RunningModule {
  /** Resolves when all replicas answer. Rejects when the module can't be served. */
  readonly ready: Promise<void>;
  /** Never resolves. Rejects when there is no sense in another start. */
  readonly failed: Promise<never>;
  /** Ends all subscriptions with their graceful result. What dies is not replaced. */
  readonly drain: () => void;
  /** Ends all processes. */
  readonly stop: () => Promise<void>;
}

/** Starts processes; the gateway itself starts none. */
export type RunModule = (spec: ModuleSpec) => RunningModule;

/** Starts the replicas at once. */
export function createModuleUpstream(
  name: string,
  config: UpstreamConfig & { readonly module: string },
  options: HttpUpstreamOptions & { readonly modules: RunModule },
): HttpUpstream {
  const upstream = createHttpUpstream(name, config, options);
  const running = options.modules({
    name,
    module: config.module,
    replicas: config.replicas,
    store: config.store,
    bus: config.bus,
    onReady: ({ number, pid, socketPath }) =>
      upstream.add({ name: String(number), pid, socketPath, isReady: true }),
  });
  // Whoever runs the processes says why they failed.
  const allReady = running.ready.then(
    () => true,
    () => false,
  );
  running.failed.catch(() => {});
  const { clock = systemClock } = options;
  return {
    ...upstream,
    drain: () => running.drain(),
    ready: (timeoutMs) => {
      const late = new Promise<boolean>((resolve) => {
        clock.after(timeoutMs, () => resolve(false));
      });
      return Promise.race([allReady, late]);
    },
    close: async (graceMs) => {
      running.drain();
      await upstream.close(graceMs);
      await running.stop();
    },
  };
}
