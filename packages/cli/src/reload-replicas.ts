/** Reloads the module of a fleet whenever one of its files changes. */
import { reportKept, type WatchedFiles, watchFiles } from "./reload.ts";
import type { ReplicaGroup, ReplicaGroupOptions } from "./replica-group.ts";

interface ReloadOptions extends Pick<ReplicaGroupOptions, "module" | "watch"> {
  /** Called with a line about each reload. */
  readonly notice: (line: string) => void;
}

/**
 * Starts to watch the files of a module once its replicas are ready, if the options say so. The first
 * replica loads each change before the others do, so that a module with an error affects none of
 * them. Subscribers are notified once all replicas serve the new lists.
 */
export function reloadReplicas(
  options: ReloadOptions,
  { running }: Pick<ReplicaGroup, "running">,
  ready: Promise<void>,
): Pick<WatchedFiles, "close"> {
  const { module, notice, watch = false } = options;
  let watched: WatchedFiles | undefined;
  let isClosed = false;

  async function reload(): Promise<void> {
    const [first, ...others] = running;
    const problem = await first?.reload();
    if (isClosed) return;
    if (problem !== undefined) return reportKept(module, problem, notice);
    const problems = await Promise.all(others.map((replica) => replica.reload()));
    for (const replica of running) replica.announce();
    const found = problems.find((one) => one !== undefined);
    notice(found ?? `${module}: reloaded`);
  }

  if (watch) {
    const files = () => [...running].flatMap((replica) => replica.files());
    void ready.then(() => {
      if (!isClosed) watched = watchFiles(files, reload);
    });
  }
  return {
    close: () => {
      isClosed = true;
      watched?.close();
    },
  };
}
