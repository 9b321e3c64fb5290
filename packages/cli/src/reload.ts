/** Requests a reload when one of several files changes, or when SIGHUP arrives. */
import { type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { hasLostTerminal } from "./terminal.ts";

/** Time during which several changes count as one, in milliseconds. Editors write in several steps. */
const settleMs = 100;

/** Watched files. */
export interface WatchedFiles {
  /** Requests a reload as if a file had changed. */
  readonly reload: () => void;
  readonly close: () => void;
}

/**
 * Calls `reload` for each change of a file, or of an entry of a directory, one call after the other.
 * Each reload may add files. Watches their folders, because most programs write a new file and rename
 * it to the old name.
 */
export function watchFiles(
  files: () => readonly string[],
  reload: () => Promise<void>,
): WatchedFiles {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const watchers = new Map<string, FSWatcher | undefined>();
  const watchAll = () => {
    for (const file of files()) {
      if (!watchers.has(file)) watchers.set(file, watchOne(file, settle));
    }
  };
  const run = () => {
    running = running.then(reload).then(() => isClosed || watchAll());
  };
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(run, settleMs);
  };
  watchAll();
  return {
    reload: run,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher?.close();
    },
  };
}

/** Watches files as `watchFiles` does, and also calls `reload` on SIGHUP. */
export function reloadOnChange(
  files: () => readonly string[],
  reload: () => Promise<void>,
): Pick<WatchedFiles, "close"> {
  const watched = watchFiles(files, reload);
  const onHangUp = () => {
    if (!hasLostTerminal()) watched.reload();
  };
  process.on("SIGHUP", onHangUp);
  return {
    close: () => {
      watched.close();
      process.off("SIGHUP", onHangUp);
    },
  };
}

/** Watches a file, or all entries of a directory. */
function watchOne(path: string, onChange: () => void): FSWatcher | undefined {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isDirectory ? watchEntries(path, onChange) : watchFolder(path, onChange);
}

function watchEntries(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, onChange);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/**
 * Watches the folder of a file, if the system supports it. In a mounted Kubernetes ConfigMap, the file
 * is a link to `..data/<file>`, and `..data` is a link to a folder. An update replaces only `..data`,
 * so the resolved path of the file is compared as well.
 */
function watchFolder(file: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(file);
  let target = targetOf(file);
  try {
    const watcher = watch(dirname(file), (_event, changed) => {
      const before = target;
      target = targetOf(file);
      if (changed === null || changed === name || target !== before) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Returns the path with all links resolved, or an empty string if it does not exist. */
function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return "";
  }
}

/** Reports that a module could not be loaded again, in two lines. */
export function reportKept(module: string, problem: string, notice: (line: string) => void): void {
  notice(problem);
  notice(`the previous version of ${module} remains active`);
}
