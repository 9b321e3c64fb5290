import { EventEmitter } from "node:events";
import { createMemoryReplayGuard } from "lutra/stores";
import { expect, it } from "vitest";
import { answerClaims, createProcessReplayGuard } from "./process-replay-guard.ts";
import type { Channel } from "./replica-channel.ts";

/** Creates two ends of a channel, which carries JSON. */
function createChannel(): readonly [Channel & EventEmitter, Channel & EventEmitter] {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const sendTo = (other: EventEmitter) => ({
    send: (message: unknown, sent?: (error: Error | null) => void) => {
      const copy: unknown = JSON.parse(JSON.stringify(message));
      queueMicrotask(() => other.emit("message", copy));
      sent?.(null);
    },
  });
  return [Object.assign(ends[0], sendTo(ends[1])), Object.assign(ends[1], sendTo(ends[0]))];
}

/** Creates the guards of several replicas of one supervisor. */
function createGuards(count: number) {
  const guard = createMemoryReplayGuard();
  return Array.from({ length: count }, () => {
    const [supervisor, replica] = createChannel();
    answerClaims(supervisor, guard);
    return createProcessReplayGuard(replica);
  });
}

it("the guard of a replica is shared", () => {
  expect(createGuards(1)[0]?.isShared).toBe(true);
});

it("a claim is granted to only one replica", async () => {
  const guards = createGuards(3);
  const claims = await Promise.all(guards.map((guard) => guard.claim("a", 1000)));
  expect(claims.filter((isFirst) => isFirst)).toHaveLength(1);
});

it("responses are matched to concurrent claims", async () => {
  const [guard] = createGuards(1);
  const ids = ["a", "b", "a", "c", "b"];
  const claims = await Promise.all(ids.map((id) => guard?.claim(id, 1000)));
  expect(claims).toEqual([true, true, false, true, false]);
});

it("a claim that does not reach the supervisor is rejected", async () => {
  const channel = Object.assign(new EventEmitter(), {
    send: (_message: unknown, sent?: (error: Error | null) => void) => sent?.(new Error("closed")),
  });
  await expect(createProcessReplayGuard(channel).claim("a", 1000)).rejects.toThrow("closed");
});

it("other messages on the channel are ignored", async () => {
  const [supervisor, replica] = createChannel();
  answerClaims(supervisor, createMemoryReplayGuard());
  const received: unknown[] = [];
  replica.on("message", (message) => received.push(message));
  for (const message of [null, "text", { type: "lutra.event" }])
    supervisor.emit("message", message);
  await createProcessReplayGuard(replica).claim("a", 1000);
  expect(received).toEqual([{ type: "lutra.claimed", number: 1, isFirst: true }]);
});
