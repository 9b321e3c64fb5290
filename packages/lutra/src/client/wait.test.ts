import { expect, it, onTestFinished, vi } from "vitest";
import { delay } from "./wait.ts";

it("a wait for longer than timers can does not end at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const controller = new AbortController();
  const waiting = delay(2 ** 31, controller.signal);
  await vi.advanceTimersByTimeAsync(86_400_000);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
});
