/**
 * The files that definitions read while a module loads, such as the page of an app. A program that
 * loads a module again when it changes watches them as well.
 */

/** The name of the diagnostics channel of Node that receives the path of each file or directory. */
export const filesReadChannel = "lutra.files-read";

/** Reports a file, or a directory whose entries are read. Has no effect in runtimes without channels. */
export function reportRead(path: string | URL): void {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  process?.getBuiltinModule?.("node:diagnostics_channel")?.channel(filesReadChannel).publish(path);
}
