import { describe, expect, it } from "vitest";
import { call, errors, form, retryOf, serverOf, textOf } from "../fixtures/asking.ts";

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

  it("an effect that fails runs again", async () => {
    let ran = 0;
    const server = serverOf(async (context) => {
      const value = await context
        .step("book", () => {
          ran += 1;
          if (ran === 1) throw new Error("busy");
          return ran;
        })
        .catch(() => "failed");
      await context.elicit("q", form);
      return String(value);
    });
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, { q: { action: "decline" } })))).toBe("2");
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
    await expect(call(server, retry)).rejects.toThrow();
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
});
