/** Runs the modules that a gateway's configuration names. */
import type { RunModule } from "@lutra/gateway";
import { startReplicas } from "./supervisor.ts";

export interface ModuleRunner {
  readonly modules: RunModule;
  /** Never resolves. Rejects when a module can't be served, or its replicas die again and again. */
  readonly failed: Promise<never>;
}

/**
 * Makes what a gateway runs modules with. Replicas listen on sockets that only the gateway knows,
 * so who may call is for the gateway to say.
 */
export function createModuleRunner(notice: (line: string, upstream: string) => void): ModuleRunner {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  return {
    failed,
    modules: ({ name, module, replicas, store, bus, onReady }) => {
      const supervisor = startReplicas({
        module,
        replicas,
        stores: { store, bus },
        onReady,
        notice: (line) => notice(line, name),
      });
      supervisor.failed.catch(fail);
      return supervisor;
    },
  };
}
