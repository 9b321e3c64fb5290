/**
 * A replay guard for all replicas of a supervisor. The replicas send their claims to the supervisor,
 * which stores them. Claims outlive the replicas, but not the supervisor.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import type { ReplayGuard } from "lutra/stores";
import type { Channel } from "./replica-channel.ts";

interface Claim {
  readonly type: "lutra.claim";
  /** Identifies the claim in the response. */
  readonly number: number;
  readonly id: string;
  readonly ttlMs: number;
  readonly caller: string | undefined;
}

interface Claimed {
  readonly type: "lutra.claimed";
  readonly number: number;
  readonly isFirst: boolean;
}

/** Creates the replica's side of the guard. A claim stays pending until the supervisor responds. */
export function createProcessReplayGuard(channel: Channel): ReplayGuard {
  const waiting = new Map<number, (isFirst: boolean) => void>();
  let last = 0;
  channel.on("message", (message) => {
    if (!hasType<Claimed>(message, "lutra.claimed")) return;
    waiting.get(message.number)?.(message.isFirst);
    waiting.delete(message.number);
  });
  return {
    isShared: true,
    claim: (id, ttlMs, caller) =>
      new Promise((resolve, reject) => {
        last += 1;
        const number = last;
        waiting.set(number, resolve);
        const claim: Claim = { type: "lutra.claim", number, id, ttlMs, caller };
        channel.send?.(claim, (error) => {
          if (error === null) return;
          waiting.delete(number);
          reject(error);
        });
      }),
  };
}

/** Starts the supervisor's side: answers the claims of one replica with the shared guard. */
export function answerClaims(channel: Channel, guard: ReplayGuard): void {
  channel.on("message", async (message) => {
    if (!hasType<Claim>(message, "lutra.claim")) return;
    const { number, id, ttlMs, caller } = message;
    const isFirst = await guard.claim(id, ttlMs, caller);
    const claimed: Claimed = { type: "lutra.claimed", number, isFirst };
    channel.send?.(claimed, () => {});
  });
}

function hasType<Message extends { readonly type: string }>(
  message: unknown,
  type: Message["type"],
): message is Message {
  return typeof message === "object" && message !== null && "type" in message
    ? message.type === type
    : false;
}
