/** An upstream whose replicas are processes that run a server module. */
import { createPrincipalEncoder, createPrincipalKey } from "lutra/internal";
import type { SealKey } from "lutra/server";
import type { ListedTask } from "lutra/stores";
import type { UpstreamConfig } from "../config/schema.ts";
import { unverifiedCallers } from "../delivery/caller-headers.ts";
import { systemClock } from "../replicas/clock.ts";
import {
  createHttpUpstream,
  type HttpUpstream,
  type HttpUpstreamOptions,
} from "./http-upstream.ts";

/** The module to run, and the number of its processes. */
export interface ModuleSpec {
  /** The name of the upstream. */
  readonly name: string;
  readonly module: string;
  readonly replicas: number;
  /** URL of the store for tasks and handles. @default a store that lives as long as the processes */
  readonly store?: string | undefined;
  /** URL of the event bus. @default the store if it is one, otherwise the processes' supervisor */
  readonly bus?: string | undefined;
  /** The keys that the replicas seal with. @default new ones, which end with the processes */
  readonly keys?: readonly SealKey[] | undefined;
  /** The key with which replicas verify the principals that the gateway passes on. A secret. */
  readonly principalKey: string;
  /** Called with a replica that is ready. Requests go to it until the returned function is called. */
  readonly onReady: (replica: RunningReplica) => () => void;
}

export interface RunningReplica {
  /** The replica's number, from 1. The process that replaces it gets the same number. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly socketPath: string;
}

/** The processes of a module. A process that dies is replaced. */
export interface RunningModule {
  /** Resolves when all replicas answer. Rejects when the module cannot be served. */
  readonly ready: Promise<void>;
  /** Never resolves. Rejects when the processes are not restarted any more. */
  readonly failed: Promise<never>;
  /** Ends all subscriptions with their graceful result. A process that dies is not replaced. */
  readonly drain: () => void;
  /**
   * Returns up to `limit` tasks in the store of the processes, for operators. Absent if the program can't
   * list them.
   */
  readonly listTasks?: ((limit: number) => Promise<readonly ListedTask[]>) | undefined;
  /** Stops all processes. */
  readonly stop: () => Promise<void>;
}

/** Starts the processes of a module; supplied by the program that embeds the gateway. */
export interface RunModule {
  (spec: ModuleSpec): RunningModule;
  /** The key for the replicas of all modules. @default a new one for each module */
  readonly principalKey?: string | undefined;
}

/** Creates the upstream and starts its replicas. */
export function createModuleUpstream(
  name: string,
  config: UpstreamConfig & { readonly module: string },
  options: HttpUpstreamOptions & {
    readonly modules: RunModule;
    readonly keys?: readonly SealKey[] | undefined;
  },
): HttpUpstream {
  const { principalKey = createPrincipalKey() } = options.modules;
  const { callers = unverifiedCallers } = options;
  const upstream = createHttpUpstream(name, config, {
    ...options,
    callers: { ...callers, encodePrincipal: createPrincipalEncoder(principalKey) },
  });
  const running = options.modules({
    name,
    module: config.module,
    replicas: config.replicas,
    store: config.store,
    bus: config.bus,
    keys: options.keys,
    principalKey,
    onReady: ({ number, pid, socketPath }) =>
      upstream.add({ name: String(number), pid, socketPath, isReady: true }),
  });
  // The program that runs the processes reports the failure.
  const allReady = running.ready.then(
    () => true,
    () => false,
  );
  running.failed.catch(() => {});
  const { clock = systemClock } = options;
  return {
    ...upstream,
    drain: () => running.drain(),
    listTasks: running.listTasks,
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
