/** Runs the server modules that a gateway's configuration names. */
import type { RunModule } from "@lutra/gateway";
import { startReplicas } from "./supervisor.ts";

interface ModuleRunnerOptions {
  readonly notice: (line: string, upstream: string) => void;
  /** Returns the mark of a replica's output in a terminal. */
  readonly labelOf: (upstream: string, replica: string) => string;
  /** True to load a module again when it changes. @default false */
  readonly watch?: boolean;
}

export interface ModuleRunner {
  /** For the gateway's option `modules`. */
  readonly runModule: RunModule;
  /** Never resolves. Rejects when a module can't be served, or when its replicas keep dying. */
  readonly failed: Promise<never>;
}

/**
 * Creates the runner. Replicas listen on sockets that only the gateway knows, so clients reach them
 * only through the gateway.
 */
export function createModuleRunner({ notice, labelOf, watch }: ModuleRunnerOptions): ModuleRunner {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  return {
    failed,
    runModule: ({ name, module, replicas, store, bus, keys, principalKey, onReady }) => {
      const supervisor = startReplicas({
        module,
        replicas,
        stores: { store, bus },
        keys,
        principalKey,
        watch,
        onReady,
        notice: (line) => notice(line, name),
        labelOf: (number) => labelOf(name, String(number)),
      });
      supervisor.failed.catch(fail);
      return supervisor;
    },
  };
}
