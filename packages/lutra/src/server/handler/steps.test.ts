import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import { call, errors, form, type Handler, retryOf, serverOf, textOf } from "../fixtures/asking.ts";
import { ToolError } from "../results.ts";
import { InputPending } from "./round-state.ts";

const decline = (name: string) => ({ [name]: { action: "decline" } });

describe("context.step", () => {
  it.each<[string, unknown]>([
    ["a value", { trip: [1, null] }],
    ["null", null],
    ["undefined", undefined],
    ["false", false],
  ])("an effect runs once over all replays, also one that returns %s", async (_what, outcome) => {
    let ran = 0;
    const server = serverOf(async (context) => {
      const value = await context.step("book", () => {
        ran += 1;
        return outcome;
      });
      await context.elicit("q1", form);
      await context.elicit("q2", form);
      return JSON.stringify([value]);
    });
    let result = await call(server);
    for (const name of ["q1", "q2"]) {
      result = await call(server, retryOf(result, { [name]: { action: "decline" } }));
    }
    expect(textOf(result)).toBe(JSON.stringify([outcome]));
    expect(ran).toBe(1);
  });

  it("an effect that runs in parallel with a question is awaited and does not run again", async () => {
    let ran = 0;
    let release = () => {};
    const server = serverOf(async (context) => {
      const [answer, value] = await Promise.all([
        context.elicit("q", form),
        context.step("slow", () => {
          ran += 1;
          return new Promise<string>((resolve) => (release = () => resolve("booked")));
        }),
      ]);
      return `${answer.action} ${value}`;
    });
    const asking = call(server);
    while (ran === 0) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    release();
    const end = await call(server, retryOf(await asking, { q: { action: "decline" } }));
    expect(textOf(end)).toBe("decline booked");
    expect(ran).toBe(1);
  });

  it.each<[string, () => Error, object]>([
    [
      "an error",
      () => new RangeError("busy"),
      { name: "StepError", message: "busy", errorName: "RangeError" },
    ],
    ["a ToolError", () => new ToolError("busy"), { name: "ToolError", message: "busy" }],
    [
      "a protocol error",
      () => new ProtocolError("invalidParams", "busy", { data: { at: 1 } }),
      { name: "ProtocolError", message: "busy", code: -32602, data: { at: 1 } },
    ],
  ])(
    "rejects in every round as in the first when its effect failed with %s",
    async (_what, failing, error) => {
      let ran = 0;
      const caught: unknown[] = [];
      const server = serverOf(async (context) => {
        const book = () => {
          ran += 1;
          throw failing();
        };
        await context.step("book", book).catch((reason: unknown) => caught.push(reason));
        await context.elicit("q", form);
        return "done";
      });
      const asked = await call(server);
      expect(textOf(await call(server, retryOf(asked, decline("q"))))).toBe("done");
      expect(ran).toBe(1);
      expect(caught).toEqual([expect.objectContaining(error), expect.objectContaining(error)]);
    },
  );

  it("a step that failed may be tried again under its name", async () => {
    const keys: string[] = [];
    const server = serverOf(async (context) => {
      for (let tries = 0; tries < 5; tries += 1) {
        try {
          const value = await context.step("load", ({ idempotencyKey }) => {
            if (keys.push(idempotencyKey) < 3) throw new Error("busy");
            return keys.length;
          });
          await context.elicit("q", form);
          return `${value} after ${tries} tries`;
        } catch (error) {
          if (error instanceof InputPending) throw error;
        }
      }
      return "";
    });
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, decline("q"))))).toBe("3 after 2 tries");
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(3);
  });

  it("one name on both sides of a question is a mistake, and skips no effect", async () => {
    const effects: number[] = [];
    const server = serverOf(async (context) => {
      const first = await context.step("pay", () => effects.push(1));
      await context.elicit("q", form);
      return `${first} ${await context.step("pay", () => effects.push(2))}`;
    });
    const asked = await call(server);
    const mistake = { code: -32603, message: 'step "pay": used twice' };
    await expect(call(server, retryOf(asked, decline("q")))).rejects.toMatchObject(mistake);
    expect(errors).toEqual([expect.objectContaining({ message: mistake.message })]);
    expect(effects).toEqual([1]);
  });

  it("two effects of one name are a mistake", async () => {
    const server = serverOf(async (context) => {
      await context.step("a", () => 1);
      await context.step("a", () => 2);
    });
    await expect(call(server)).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([expect.any(TypeError)]);
  });

  it.each(["__proto__", "constructor", "toString", ""])("any name will do: %j", async (name) => {
    let ran = 0;
    const server = serverOf(async (context) => {
      const value = await context.step(name, () => {
        ran += 1;
        return "x";
      });
      const { action } = await context.elicit(name, form);
      return `${value} ${action} ${ran}`;
    });
    const asked = await call(server);
    const inputResponses = JSON.parse(`{${JSON.stringify(name)}:{"action":"decline"}}`);
    expect(textOf(await call(server, retryOf(asked, inputResponses)))).toBe("x decline 1");
  });

  it("its effect gets a key that is the same in all rounds, and of no other step or exchange", async () => {
    const keys: string[] = [];
    let fails = true;
    const server = serverOf(async (context) => {
      const note = ({ idempotencyKey }: { readonly idempotencyKey: string }) => {
        keys.push(idempotencyKey);
      };
      await context.step("first", note);
      await context.elicit("q1", form);
      // A step that fails is run again by a retry with the same request state.
      await context.step("a step/2", (info) => {
        note(info);
        if (fails) throw new Error("lost");
      });
      return "";
    });
    const asked = await call(server);
    const retry = retryOf(asked, { q1: { action: "decline" } });
    expect(await call(server, retry)).toMatchObject({ isError: true });
    fails = false;
    await call(server, retry);
    await call(server);
    const [first, second, again, other] = keys;
    expect(keys).toHaveLength(4);
    expect(first).toMatch(/^[\w-]{22}\/first$/);
    expect(second).toBe(`${first?.split("/")[0]}/a%20step%2F2`);
    expect(again).toBe(second);
    expect(other).not.toBe(first);
  });

  it("outside a task there is nothing to say a status to, and nothing to start", async () => {
    const server = serverOf(async (context) => {
      await context.status("half way");
      await context.startTask();
      return "done";
    });
    expect(textOf(await call(server))).toBe("done");
  });

  it.each<[string, () => unknown, string]>([
    [
      "a date",
      () => ({ at: new Date(0) }),
      "outcome.at: expected a JSON value, got an instance of Date",
    ],
    ["a map", () => new Map([[1, 2]]), "outcome: expected a JSON value, got an instance of Map"],
    ["a set", () => [1, new Set()], "outcome[1]: expected a JSON value, got an instance of Set"],
    [
      "bytes",
      () => ({ a: [Buffer.from("a")] }),
      "outcome.a[0]: expected a JSON value, got an instance of Buffer",
    ],
    ["NaN", () => ({ a: { b: Number.NaN } }), "outcome.a.b: expected a JSON value, got NaN"],
    ["infinity", () => -Infinity, "outcome: expected a JSON value, got -Infinity"],
    ["a big number", () => 1n, "outcome: expected a JSON value, got a bigint"],
    ["a function", () => ({ a: () => 1 }), "outcome.a: expected a JSON value, got a function"],
    ["an error", () => new Error("x"), "outcome: expected a JSON value, got an instance of Error"],
    ["a hole", () => [undefined], "outcome[0]: expected a JSON value, got undefined"],
  ])(
    "refuses an outcome that JSON would change, and names the member: %s",
    async (_what, outcome, message) => {
      const server = serverOf((context) => context.step("s", outcome).catch(() => "caught"));
      const reason = `step "s": ${message}`;
      await expect(call(server)).rejects.toMatchObject({ code: -32603, message: reason });
      expect(errors).toEqual([expect.objectContaining({ name: "HandlerError", message: reason })]);
    },
  );

  it("returns the same outcome in every round, without members that are undefined", async () => {
    const seen: unknown[] = [];
    const server = serverOf(async (context) => {
      const outcome = await context.step("s", () => ({ a: undefined, n: -0, list: [1] }));
      seen.push(structuredClone(outcome));
      outcome.list.push(2);
      await context.elicit("q", form);
      return "done";
    });
    const asked = await call(server);
    await call(server, retryOf(asked, decline("q")));
    expect(seen).toStrictEqual([
      { n: 0, list: [1] },
      { n: 0, list: [1] },
    ]);
  });

  it.each<[string, Handler]>([
    ["a step", (context) => void context.step("s", () => new Promise(() => {}))],
    [
      "a step in a function without an await",
      (context) => {
        [1].forEach(async () => {
          await context.step("s", () => Promise.resolve());
        });
        return "done";
      },
    ],
  ])("the handler must await: %s", async (_what, handler) => {
    const message = 'step "s": still running when the handler returned; await every step';
    await expect(call(serverOf(handler))).rejects.toMatchObject({ code: -32603, message });
    expect(errors).toEqual([expect.objectContaining({ message })]);
  });

  it("an effect does not start after its handler has returned", async () => {
    let resolve = () => {};
    const promise = new Promise<void>((settle) => (resolve = settle));
    let ran = 0;
    const server = serverOf((context) => {
      void promise.then(() => context.step("late", () => ran++));
      return "done";
    });
    await call(server);
    resolve();
    await new Promise((continued) => setImmediate(continued));
    expect(ran).toBe(0);
  });

  it("an effect must not start another step", async () => {
    const server = serverOf((context) =>
      context.step("outer", async () => context.step("inner", () => 1)),
    );
    const message = 'step "inner": expected outside of the effect of step "outer"';
    await expect(call(server)).rejects.toMatchObject({ code: -32603, message });
  });

  it("an effect that asks waits for the answer, and is not regarded as failed", async () => {
    const server = serverOf((context) =>
      context.step("ask", async () => (await context.elicit("q", form)).action),
    );
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, decline("q"))))).toBe("decline");
  });
});
