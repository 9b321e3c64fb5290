/** Random handlers, whose process dies repeatedly, replayed until they return. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createMemoryHandleStore } from "../../stores/memory-handle-store.ts";
import { contextOf, requestOf } from "../fixtures/ask.ts";
import type { HandlerContext } from "./handler-context.ts";
import { executeWithReplay } from "./replayed-round.ts";
import type { InputMemory } from "./request-state.ts";
import { runRound } from "./round.ts";
import type { StepLog } from "./step-log.ts";

type Program =
  | { readonly kind: "step"; readonly fails: boolean; readonly hops: number }
  | { readonly kind: "sequence" | "all" | "race"; readonly parts: readonly Program[] };

const { program } = fc.letrec<{ program: Program }>((tie) => {
  const parts = fc.array(tie("program"), { minLength: 1, maxLength: 4 });
  const group = fc.constantFrom("sequence" as const, "all" as const, "race" as const);
  return {
    program: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.record({
        kind: fc.constant("step" as const),
        fails: fc.boolean(),
        hops: fc.nat({ max: 20 }),
      }),
      fc.record({ kind: group, parts }),
    ),
  };
});

/** Steps that take a random number of turns of the event loop, and count how often they ran. */
class Effects {
  readonly ran = new Map<string, number>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async run(name: string, fails: boolean): Promise<string> {
    this.ran.set(name, (this.ran.get(name) ?? 0) + 1);
    for (let turns = this.#random() % 4; turns > 0; turns -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (fails) throw new Error(`failed: ${name}`);
    return name;
  }
}

/** Runs a program. Its steps are named by their place, so the result shows the whole path. */
async function perform(
  part: Program,
  { context, effects, name }: { context: HandlerContext; effects: Effects; name: string },
): Promise<string> {
  const step = (step: string, fails: boolean) =>
    context.step(step, () => effects.run(step, fails)).catch(({ message }) => message as string);
  if (part.kind === "step") {
    const outcome = await step(name, part.fails);
    for (let hops = part.hops; hops > 0; hops -= 1) await null;
    return outcome;
  }
  const run = (inner: Program, index: number) =>
    perform(inner, { context, effects, name: `${name}.${index}` });
  if (part.kind === "sequence") {
    let result = "";
    for (const [index, inner] of part.parts.entries()) result += await run(inner, index);
    return result;
  }
  const all = part.parts.map(run);
  if (part.kind === "all") return (await Promise.all(all)).join(" ");
  const winner = await Promise.race(all);
  const result = await step(`${name} won by ${winner}`, false);
  await Promise.all(all);
  return result;
}

it("never runs a recorded effect again, and takes the same path in every round", async () => {
  await fc.assert(
    fc.asyncProperty(
      program,
      fc.infiniteStream(fc.nat({ max: 3 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
      async (tree, turns, lives) => {
        const effects = new Effects(() => turns.next().value as number);
        let memory: InputMemory = { answers: {}, steps: {}, state: undefined, exchange: "e" };
        for (let deaths = 0; deaths < 50; deaths += 1) {
          const recorded = new Map([...effects.ran].filter(([name]) => isOver(memory, name)));
          const end = await live(tree, effects, { memory, records: lives.next().value as number });
          for (const [name, count] of recorded) expect(effects.ran.get(name)).toBe(count);
          if (typeof end === "string") return;
          memory = end;
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** True when the memory has the outcome or the error of a step. */
function isOver({ history = [] }: InputMemory, name: string): boolean {
  const starts = history.flatMap((entry) => ("start" in entry ? [entry.start] : []));
  return history.some((entry) => "end" in entry && starts[entry.end] === `step ${name}`);
}

/** Runs a round until it ends, or until its process dies after so many records. */
async function live(
  tree: Program,
  effects: Effects,
  { memory, records }: { readonly memory: InputMemory; readonly records: number },
): Promise<string | InputMemory> {
  let known = memory;
  let left = records;
  let die = (_last: InputMemory) => {};
  const death = new Promise<InputMemory>((resolve) => (die = resolve));
  const stepLog: StepLog = {
    record: async ({ steps, history }) => {
      left -= 1;
      if (left < 0) return new Promise(() => {});
      known = { ...known, steps: { ...known.steps, ...steps }, history };
      if (left > 0) return;
      die(known);
      await new Promise(() => {});
    },
    canPause: () => false,
    status: async () => {},
    startTask: async () => {},
  };
  const context = { ...contextOf(), meta: { capabilities: {} } } as never;
  const settings = { execute: executeWithReplay, replayGraceMs: 1000, now: Date.now };
  const handles = createMemoryHandleStore();
  const init = { request: requestOf("tools/call"), context, memory, settings, handles, stepLog };
  const end = runRound(init, (own) => perform(tree, { context: own, effects, name: "s" }));
  return Promise.race([end as Promise<string>, death]);
}
