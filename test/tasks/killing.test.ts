/** The pace of kills, and the detection of resumed tasks. */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { Killing, type Victim } from "./killing.ts";
import { resumptions, type Sign } from "./resumptions.ts";

/** Replicas that restart when the test says so. */
function victims() {
  const down: { readonly comeBack: () => void }[] = [];
  const heard = new EventTarget();
  let most = 0;
  const replicas = [1, 2, 3].map((number): Victim => {
    let pid: number | undefined = number;
    return {
      pid: () => pid,
      killAndRestart: () => {
        pid = undefined;
        return new Promise((resolve) => {
          down.push({
            comeBack: () => {
              pid = number;
              resolve();
            },
          });
          most = Math.max(most, down.length);
          heard.dispatchEvent(new Event("kill"));
        });
      },
    };
  });
  const kill = () => once(heard, "kill");
  return { replicas, down, kill, most: () => most };
}

/** Pauses that last one turn of the event loop. */
function pace() {
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
    await turn();
  };
  return { pause, pauses: () => pauses };
}

it("kills at its pace while others are restarting, and leaves one alive", async () => {
  const { replicas, down, kill, most } = victims();
  const { pause, pauses } = pace();
  const killing = new Killing(replicas, { killEveryMs: 5, minKills: 4, pause });
  await kill();
  await kill();
  expect(down).toHaveLength(2);
  const third = kill();
  await vi.waitUntil(() => pauses() === 3);
  await turn();
  expect(down).toHaveLength(2);
  down.shift()?.comeBack();
  await third;
  const fourth = kill();
  down.shift()?.comeBack();
  await fourth;
  const ended = killing.end();
  for (const { comeBack } of down) comeBack();
  const { kills, waits } = await ended;
  expect(kills).toHaveLength(4);
  expect(most()).toBe(2);
  expect(waits).toBeGreaterThanOrEqual(1);
});

it("stops at the maximum number of kills", async () => {
  const { replicas, down, kill } = victims();
  const { pause, pauses } = pace();
  const killing = new Killing(replicas, { killEveryMs: 1, maxKills: 1, pause });
  await kill();
  down[0]?.comeBack();
  await turn();
  expect(pauses()).toBe(1);
  expect((await killing.end()).kills).toHaveLength(1);
});

const signs = (...all: readonly (readonly [pid: number, at: number, sign: string])[]): Sign[] =>
  all.map(([pid, at, sign]) => ({ task: "t", pid, at, sign }));

it.each([
  [
    "the task continues in another process",
    [
      [1, 0, "start"],
      [2, 350, "start"],
    ],
    1,
    [250],
  ],
  ["no task resumes", [[1, 0, "start"]], 1, []],
  [
    "only the killed process sends another sign",
    [
      [1, 0, "a"],
      [1, 101, "b"],
    ],
    1,
    [],
  ],
  [
    "the task waited for its answer",
    [
      [1, 0, "asks"],
      [2, 350, "start"],
    ],
    0,
    [],
  ],
  ["the task had ended", [[1, 0, "end"]], 0, []],
  [
    "another process already ran the task",
    [
      [1, 0, "a"],
      [2, 50, "start"],
      [2, 350, "a"],
    ],
    0,
    [],
  ],
] as const)(
  "resumptions measures the time from a kill to the next sign of another process: %s",
  (_, all, brokenOff, resumedAfterMs) => {
    expect(resumptions(signs(...all), [{ at: 100, pid: 1 }])).toEqual({
      brokenOff,
      resumedAfterMs,
    });
  },
);
