/** Replays: handlers that changed between two rounds, and parallel operations in any order. */
import { describe, expect, it } from "vitest";
import { call, errors, form, type Handler, retryOf, serverOf, textOf } from "../fixtures/asking.ts";
import type { HandlerContext } from "./handler-context.ts";

const answers = { q: { action: "decline" } };

/** Runs the first handler in the first round and the second one in the next, and counts effects. */
async function changed(before: Handler, after: Handler) {
  const handlers = [before, after];
  const server = serverOf((context) => handlers.shift()?.(context), { replayGraceMs: 0 });
  const asked = await call(server);
  return call(server, retryOf(asked, answers));
}

const effects: string[] = [];
const step = (context: HandlerContext, name: string) =>
  context.step(name, () => {
    effects.push(name);
    return name;
  });
const ask = (context: HandlerContext, name = "q") => context.elicit(name, form);

/** A handler that starts these operations one after the other; names with "?" are questions. */
function sequence(...names: readonly string[]): Handler {
  return async (context) => {
    for (const name of names) {
      if (name.endsWith("?")) await ask(context, name.slice(0, -1));
      else await step(context, name);
    }
    return "done";
  };
}

describe("a handler that has changed since the round before", () => {
  it.each<[string, readonly string[], readonly string[], string]>([
    ["a renamed step", ["a", "b", "q?"], ["a", "x", "q?"], 'step "x" was "b" in an earlier round'],
    [
      "a step less",
      ["a", "b", "q?"],
      ["a", "q?"],
      'input request "q" was step "b" in an earlier round',
    ],
    ["a step more", ["a", "q?"], ["x", "a", "q?"], 'step "x" was "a" in an earlier round'],
    ["another order", ["a", "b", "q?"], ["b", "a", "q?"], 'step "b" was "a" in an earlier round'],
    [
      "a step instead of a question",
      ["a", "q?"],
      ["a", "q"],
      'step "q" was input request "q" in an earlier round',
    ],
    [
      "a renamed question",
      ["a", "q?"],
      ["a", "p?"],
      'input request "p" was "q" in an earlier round',
    ],
    [
      "a question before the others",
      ["a", "q?"],
      ["p?", "a", "q?"],
      'input request "p" was step "a" in an earlier round',
    ],
    ["nothing left", ["a", "q?"], [], 'step "a" of an earlier round is missing'],
    ["no question", ["a", "q?"], ["a"], 'input request "q" of an earlier round is missing'],
  ])("fails, and runs no effect: %s", async (_what, before, after, message) => {
    effects.length = 0;
    const retried = changed(sequence(...before), sequence(...after));
    await expect(retried).rejects.toMatchObject({ code: -32603, message });
    expect(errors).toEqual([expect.objectContaining({ name: "HandlerError", message })]);
    expect(effects).toEqual(before.filter((name) => !name.endsWith("?")));
  });

  it("fails, even if it catches all errors", async () => {
    const after: Handler = (context) => step(context, "x").catch(() => "caught");
    const message = 'step "x" was "a" in an earlier round';
    await expect(changed(sequence("a", "q?"), after)).rejects.toMatchObject({ message });
  });

  it("may have changed after the last operation of the round before", async () => {
    effects.length = 0;
    await changed(sequence("a", "q?", "b"), sequence("a", "q?", "x", "y"));
    expect(effects).toEqual(["a", "x", "y"]);
  });

  it("may follow its state in the explicit form, as there are no replays", async () => {
    const { inputRequired } = await import("../results.ts");
    const handler: Handler = async (context) => {
      if (context.state === undefined) {
        await step(context, "a");
        return inputRequired({ state: 1 });
      }
      return step(context, "b");
    };
    expect(textOf(await changed(handler, handler))).toBe("b");
  });
});

describe("parallel branches in a replay", () => {
  const tick = (turns: number) =>
    new Promise<void>((resolve) => {
      const turn = (left: number) => (left === 0 ? resolve() : setImmediate(turn, left - 1));
      turn(turns);
    });

  it("continue in the order in which their steps ended before", async () => {
    const order: string[] = [];
    const branch = async (context: HandlerContext, name: string, turns: number) => {
      for (const part of [1, 2, 3]) {
        await context.step(`${name}${part}`, () => tick(turns));
        order.push(`${name}${part}`);
      }
    };
    const handler: Handler = async (context) => {
      await Promise.all([
        branch(context, "a", 9),
        branch(context, "b", 1),
        branch(context, "c", 4),
      ]);
      await ask(context);
      return order.splice(0).join(" ");
    };
    const server = serverOf(handler, { replayGraceMs: 0 });
    const asked = await call(server);
    const first = order.splice(0).join(" ");
    expect(first).toContain("b3 ");
    expect(textOf(await call(server, retryOf(asked, answers)))).toBe(first);
  });

  it("may wait for something else before their steps, in an order that differs from the one before", async () => {
    let round = 0;
    const handler: Handler = async (context) => {
      round += 1;
      const turns = round === 1 ? [1, 20, 40] : [40, 20, 1];
      const all = turns.map(async (turn, index) => {
        await tick(turn);
        return step(context, `s${index}`);
      });
      const names = await Promise.all(all);
      await ask(context);
      return names.join(" ");
    };
    const server = serverOf(handler);
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, answers)))).toBe("s0 s1 s2");
  });

  it("run effects that had not ended, beside a question", async () => {
    const begun: string[] = [];
    const handler: Handler = async (context) => {
      const [{ action }, names] = await Promise.all([
        ask(context),
        (async () => {
          const names = [];
          for (const name of ["a", "b", "c"]) {
            begun.push(name);
            names.push(await context.step(name, () => tick(1).then(() => name)));
          }
          return names.join("");
        })(),
      ]);
      return `${action} ${names}`;
    };
    const server = serverOf(handler, { replayGraceMs: 0 });
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, answers)))).toBe("decline abc");
  });
});
