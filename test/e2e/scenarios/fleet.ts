/** Scenarios that need several replicas. */
import { expect } from "vitest";
import { type Scenario, textOf } from "../scenario.ts";
import { accept } from "../user.ts";

export const fleet: readonly Scenario[] = [
  {
    name: "requests are distributed to all replicas of a fleet",
    only: ["fleet", "gateway"],
    run: async (client) => {
      const calls = Array.from({ length: 12 }, () => client.callTool("who"));
      const answers = (await Promise.all(calls)).map(
        ({ structuredContent }) => structuredContent as { pid: number; call: string },
      );
      expect(new Set(answers.map(({ call }) => call)).size).toBe(12);
      expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
    },
  },
  {
    name: "another replica can finish an exchange",
    only: ["fleet", "gateway"],
    run: async (client, { user }) => {
      user.willAnswer(accept({}), accept({}), accept({}));
      const last = textOf(await client.callTool("relay"));
      const pids = [...user.asked.map(({ message }) => message), last];
      expect(pids).toHaveLength(4);
      expect(new Set(pids).size).toBeGreaterThan(1);
    },
  },
  {
    name: "a replica that dies is replaced, and the fleet continues to answer",
    only: ["fleet", "gateway"],
    run: async (_client, { start }) => {
      const { client } = await start();
      const who = async () =>
        ((await client.callTool("who")).structuredContent as { pid: number }).pid;
      const first = new Set<number>();
      while (first.size < 3) first.add(await who());
      const [victim] = first;
      process.kill(victim as number, "SIGKILL");
      let refused = 0;
      let pid = victim;
      // The other two replicas answer until the new one is ready.
      while (pid === undefined || first.has(pid)) {
        pid = await who().catch((error) => {
          // The killed replica may have executed a request in flight, so it is not retried.
          expect(error).toMatchObject({ reason: "internalError" });
          refused += 1;
          return undefined;
        });
      }
      // The gateway has two connections to that replica, for calls and checks. Each may fail once.
      expect(refused).toBeLessThanOrEqual(2);
    },
  },
];
