import { expect, it, vi } from "vitest";
import { chain, isThenable } from "./chain.ts";

const double = (value: number) => value * 2;
const fail = (): never => {
  throw new RangeError("late");
};

it("continues at once with a value that is available", () => {
  expect(chain(21, double)).toBe(42);
});

it("continues with the value of a promise when it has resolved", async () => {
  const answer = chain(Promise.resolve(21), double);
  expect(answer).toBeInstanceOf(Promise);
  expect(await answer).toBe(42);
});

it("resolves the promise that the continuation returns", async () => {
  expect(await chain(21, async (value) => value * 2)).toBe(42);
});

it("awaits a thenable that is not a Promise", async () => {
  // biome-ignore lint/suspicious/noThenProperty: the query builders of libraries have one
  const query = { then: (resolve: (value: number) => void) => resolve(21) } as PromiseLike<number>;
  expect(isThenable(query)).toBe(true);
  expect(await chain(query, double)).toBe(42);
});

it("throws what the continuation throws for a value that is available", () => {
  expect(() => chain(21, fail)).toThrow(RangeError);
});

it("passes the reason of a rejected promise to `failed`", async () => {
  const reason = new Error("no");
  const failed = vi.fn(() => 7);
  expect(await chain(Promise.reject(reason), double, failed)).toBe(7);
  expect(failed).toHaveBeenCalledExactlyOnceWith(reason);
});

it("does not call `failed` for an error of the continuation", async () => {
  const failed = vi.fn(() => 7);
  await expect(chain(Promise.resolve(21), fail, failed)).rejects.toThrow(RangeError);
  expect(failed).not.toHaveBeenCalled();
});

it("rejects with the reason when there is no `failed`", async () => {
  const reason = new Error("no");
  await expect(chain(Promise.reject(reason), double)).rejects.toBe(reason);
});

it.each([[undefined], [null], [0], [""], [{}]])("%j is not thenable", (value) => {
  expect(isThenable(value)).toBe(false);
});
