/** When a configuration is to be read again: its file has changed, or SIGHUP came. */
import { type FSWatcher, realpathSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { hasLostTerminal } from "./terminal.ts";

/** Editors write in several steps; what comes within this time is one change. In milliseconds. */
const settleMs = 100;

/**
 * Calls `reload` for each change, one after the other. The folder is watched, since most programs
 * write a new file and put it in the place of the old one.
 */
export function reloadOnChange(
  file: string,
  reload: () => Promise<void>,
): { readonly close: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = Promise.resolve();
  const run = () => {
    running = running.then(reload);
  };
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(run, settleMs);
  };
  const watcher = watchFolder(file, settle);
  const onHangUp = () => {
    if (!hasLostTerminal()) run();
  };
  process.on("SIGHUP", onHangUp);
  return {
    close: () => {
      clearTimeout(timer);
      watcher?.close();
      process.off("SIGHUP", onHangUp);
    },
  };
}

/**
 * Where folders can't be watched, SIGHUP still works. A file that is mounted into a container is a
 * link through a folder, and it is that folder's link which is put in the place of the old one.
 */
function watchFolder(file: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(file);
  let place = placeOf(file);
  try {
    const watcher = watch(dirname(file), (_event, changed) => {
      const before = place;
      place = placeOf(file);
      if (changed === null || changed === name || place !== before) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Where the links of a path end; empty where they end nowhere. */
function placeOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return "";
  }
}
