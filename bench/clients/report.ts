import type { Calls, Question, Ready } from "../messages.ts";
import { usage } from "../messages.ts";

/** Calls `add` once and resolves to the text of the answer. */
export type CallAdd = (a: number, b: number) => Promise<string>;

/** Reports to the bench that this client is ready, and calls `add` on request. */
export function report(callAdd: CallAdd): void {
  process.send?.({ port: 0 } satisfies Ready);
  process.on("message", async (question: Question) => {
    if (question.ask === "call") process.send?.(await repeat(callAdd, question));
  });
  process.on("disconnect", () => process.exit());
}

async function repeat(
  callAdd: CallAdd,
  { inFlight, durationMs }: { readonly inFlight: number; readonly durationMs: number },
): Promise<Calls> {
  let count = 0;
  const before = usage(false).cpuMicros;
  const start = performance.now();
  const caller = async () => {
    while (performance.now() - start < durationMs) {
      count += 1;
      const a = 100 + (count % 400);
      const sum = await callAdd(a, 100);
      if (sum !== String(a + 100)) throw new Error(`wrong sum: ${sum}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { count, ms: performance.now() - start, cpuMicros: usage(false).cpuMicros - before };
}
