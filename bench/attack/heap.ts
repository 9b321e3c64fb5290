/** The heap of a server after many exchanges: it returns to its size before them. */
import { setTimeout as delay } from "node:timers/promises";
import { Agent, fetch } from "undici";
import { bodyOf, headersOf, type RequestHead } from "./attack-request.ts";
import { type AttackedProcess, startAttacked } from "./attacked-process.ts";
import { measureAll, type Outcome, type Part, unanswered } from "./part.ts";

/** Maximum growth of the heap, as a part of its size before. */
const maxGrowth = 0.05;
const parallel = 50;

interface Exchange extends RequestHead {
  readonly what: string;
  /** True when the client goes away as soon as the response has begun. */
  readonly isAborted: boolean;
}

const exchanges: readonly Exchange[] = [
  { what: "calls", method: "tools/call", name: "take", isAborted: false },
  { what: "aborted calls", method: "tools/call", name: "wait", isAborted: true },
  { what: "streams", method: "tools/call", name: "stream", isAborted: false },
  { what: "aborted subscriptions", method: "subscriptions/listen", isAborted: true },
];

export const heap: Part = {
  name: "heap",
  title: `Heap: at most ${maxGrowth * 100} % larger after many exchanges than before`,
  columns: ["exchanges", "heap before", "heap after", "growth"],
  maxMs: 90_000,
  run: async (form, onOutcome) => {
    const count = form === "short" ? 500 : 10_000;
    const process = await startAttacked("./message-server.ts", []);
    try {
      // Compiles the code, and fills tables that keep their size.
      for (const one of exchanges) await sendMany(process, one, Math.min(count, 1000));
      return await measureAll(
        exchanges.map((one) => () => measure(process, one, count)),
        onOutcome,
      );
    } catch (error) {
      return [unanswered("all", error, heap.columns)];
    } finally {
      process.stop();
    }
  },
};

async function measure(process: AttackedProcess, one: Exchange, count: number): Promise<Outcome> {
  const before = await smallestHeap(process, { tries: 3, enough: 0 });
  await sendMany(process, one, count);
  const after = await smallestHeap(process, { tries: 20, enough: before * (1 + maxGrowth) });
  const growth = after / before - 1;
  const inMegabytes = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  const percent = `${(100 * growth).toFixed(1)} %`;
  const cells = [`${count} ${one.what}`, inMegabytes(before), inMegabytes(after), percent];
  return { cells, isHeld: growth <= maxGrowth };
}

interface Patience {
  readonly tries: number;
  readonly enough: number;
}

/** Collects garbage until the heap is small enough, while the sockets of the exchanges close. */
async function smallestHeap(
  process: AttackedProcess,
  { tries, enough }: Patience,
): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < tries && smallest > enough; tried += 1) {
    await delay(100);
    smallest = Math.min(smallest, (await process.ask("heap")) as number);
  }
  return smallest;
}

async function sendMany({ ready }: AttackedProcess, one: Exchange, count: number): Promise<void> {
  const agent = new Agent({ connections: parallel });
  let left = count;
  const sendAll = async () => {
    while (left > 0) {
      left -= 1;
      await sendOne(ready as string, one, agent);
    }
  };
  await Promise.all(Array.from({ length: parallel }, sendAll));
  await agent.destroy();
}

async function sendOne(url: string, one: Exchange, dispatcher: Agent): Promise<void> {
  const isListening = one.method === "subscriptions/listen";
  const members = isListening ? '"notifications":{"toolsListChanged":true}' : '"arguments":{}';
  const { signal, abort } = abortable();
  const body = bodyOf(one, members);
  const response = await fetch(url, {
    method: "POST",
    headers: headersOf(one),
    body,
    signal,
    dispatcher,
  });
  if (!response.ok) throw new Error(`${one.what}: status ${response.status}`);
  if (!one.isAborted) await response.text();
  abort();
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
