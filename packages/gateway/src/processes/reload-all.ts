/** Applies another configuration in all processes, or in none. */
import { ChannelClosedError } from "./channel.ts";
import type { ConfigMessage } from "./config-message.ts";
import type { RunningProcess } from "./process-slot.ts";

/** Time after which a process that does not answer is killed, in milliseconds. Modules may take two minutes. */
const stepMs = 180_000;

/**
 * Loads the configuration in all processes, and applies it only if all could load it. If one of them
 * then can't apply it, the others return to the configuration before. A process that ends meanwhile, or
 * does not answer and is killed, does not count, because its replacement starts with the configuration
 * that is in force.
 *
 * @throws {Error} with the reason of the first process that refused
 */
export async function reloadAll(
  processes: Iterable<RunningProcess>,
  message: ConfigMessage,
): Promise<void> {
  const all = [...processes];
  const loaded = await Promise.all(
    all.map((process) => outcomeOf(process, process.channel.ask("prepare", message))),
  );
  requireNone(loaded);
  const applied = await Promise.all(
    all.map((process) => outcomeOf(process, process.channel.ask("apply", undefined))),
  );
  if (applied.every((problem) => problem === undefined)) return;
  const changed = all.filter((_, index) => applied[index] === undefined);
  await Promise.all(changed.map(restore));
  requireNone(applied);
}

/** Returns a process to the configuration before. Its replacement has that one, too. */
async function restore(process: RunningProcess): Promise<void> {
  const problem = await outcomeOf(process, process.channel.ask("restore", undefined));
  if (problem !== undefined) process.kill();
}

/** Resolves to the reason why a process refused a step; undefined if it did not, or has ended. */
async function outcomeOf(process: RunningProcess, step: Promise<void>): Promise<Error | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      process.kill();
      resolve();
    }, stepMs);
  });
  try {
    await Promise.race([step, late]);
    return undefined;
  } catch (error) {
    return error instanceof ChannelClosedError ? undefined : (error as Error);
  } finally {
    clearTimeout(timer);
  }
}

function requireNone(problems: readonly (Error | undefined)[]): void {
  const problem = problems.find((one) => one !== undefined);
  if (problem !== undefined) throw problem;
}
