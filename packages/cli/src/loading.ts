/** Reports user modules that never finish loading. */
import { CommandError } from "./command-error.ts";
import { notice } from "./notice.ts";

/** Time after which a module that is still loading is reported, in milliseconds. */
export const slowLoadMs = 10_000;

/** Returns the message about a module that is still loading. */
export function slowLoad(module: string): string {
  return `${module}: still loading after ${slowLoadMs / 1000} s; an await at its top level may never settle`;
}

/**
 * Waits for the import of a module.
 *
 * @param onSlow Called if the import takes long
 * @throws {CommandError} if this process has nothing left to do that could end the import, for which
 *   Node would exit with code 13
 */
export async function untilLoaded<Exports>(
  module: string,
  loading: Promise<Exports>,
  onSlow: () => void = () => notice(slowLoad(module)),
): Promise<Exports> {
  const timer = setTimeout(onSlow, slowLoadMs).unref();
  let onIdle = () => {};
  const idle = new Promise<never>((_resolve, reject) => {
    onIdle = () => reject(new CommandError("an await at its top level never settles"));
  });
  process.once("beforeExit", onIdle);
  try {
    return await Promise.race([loading, idle]);
  } finally {
    clearTimeout(timer);
    process.off("beforeExit", onIdle);
  }
}
