/** Applies another configuration in all processes, or in none. */
import { ChannelClosedError } from "./channel.ts";
import type { ConfigMessage } from "./config-message.ts";
import type { RunningProcess } from "./process-slot.ts";

/**
 * Loads the configuration in all processes, and applies it only if all could load it. If one of them
 * then can't apply it, the others return to the configuration before. A process that ends meanwhile
 * does not count, because its replacement starts with the configuration that is in force.
 *
 * @throws {Error} with the reason of the first process that refused
 */
export async function reloadAll(
  processes: Iterable<RunningProcess>,
  message: ConfigMessage,
): Promise<void> {
  const all = [...processes];
  const loaded = await Promise.all(
    all.map(({ channel }) => outcomeOf(channel.ask("prepare", message))),
  );
  requireNone(loaded);
  const applied = await Promise.all(
    all.map(({ channel }) => outcomeOf(channel.ask("apply", undefined))),
  );
  if (applied.every((problem) => problem === undefined)) return;
  const changed = all.filter((_, index) => applied[index] === undefined);
  await Promise.all(changed.map(restore));
  requireNone(applied);
}

/** Returns a process to the configuration before. Its replacement has that one, too. */
async function restore(process: RunningProcess): Promise<void> {
  const problem = await outcomeOf(process.channel.ask("restore", undefined));
  if (problem !== undefined) process.kill();
}

/** Resolves to the reason why a process refused a step; undefined if it did not, or has ended. */
function outcomeOf(step: Promise<void>): Promise<Error | undefined> {
  return step.then(
    () => undefined,
    (error: Error) => (error instanceof ChannelClosedError ? undefined : error),
  );
}

function requireNone(problems: readonly (Error | undefined)[]): void {
  const problem = problems.find((one) => one !== undefined);
  if (problem !== undefined) throw problem;
}
