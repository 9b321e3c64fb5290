/** Finds a process that hangs: it runs, but does not answer its supervisor. */
import { type Channel, ChannelClosedError } from "./channel.ts";

export interface Watched {
  readonly channel: Pick<Channel, "ask">;
  readonly kill: () => void;
}

/** Number of consecutive questions without an answer after which a process counts as hung. */
const maxMissed = 3;

/**
 * Asks a process regularly whether it still answers. Kills it after several questions without an answer,
 * in `silentMs` altogether. A pause of this process counts as one question at most.
 *
 * @param onSilent Called before the process is killed
 * @returns a function that ends the watch
 */
export function watchLiveness(
  { channel, kill }: Watched,
  silentMs: number,
  onSilent: () => void,
): () => void {
  let missed = 0;
  let last: ReturnType<typeof setImmediate> | undefined;
  const ask = () => {
    missed += 1;
    const answered = () => {
      missed = 0;
    };
    channel.ask("ping", undefined).then(answered, (error: Error) => {
      // A process ends by itself when its channel closes. A question that was not sent has no answer.
      if (error instanceof ChannelClosedError) answered();
    });
  };
  const end = () => {
    clearInterval(timer);
    clearImmediate(last);
  };
  const check = () => {
    if (missed < maxMissed) return;
    end();
    onSilent();
    kill();
  };
  const timer = setInterval(
    () => {
      if (missed < maxMissed) ask();
      // After a pause of this process, answers have arrived that it has not read.
      else last = setImmediate(check);
    },
    Math.ceil(silentMs / maxMissed),
  );
  timer.unref();
  ask();
  return end;
}
