import { expect, it } from "vitest";
import { createAvailability } from "./availability.ts";

function start() {
  let time = 0;
  const changes: unknown[] = [];
  const { run } = createAvailability({
    now: () => time,
    onChange: (isAvailable, reason) => changes.push([isAvailable, reason]),
  });
  return {
    changes,
    advance: (ms: number) => {
      time += ms;
    },
    try: (work: () => string | Promise<string>) => run(work, () => "instead"),
  };
}

const works = () => "shared";
const fails = () => {
  throw new Error("gone");
};

it("uses the stores while they work", async () => {
  const store = start();
  expect(await store.try(works)).toBe("shared");
  expect(store.changes).toEqual([]);
});

it("replaces them for a second after a failure, and reports it once", async () => {
  const store = start();
  expect(await store.try(fails)).toBe("instead");
  expect(await store.try(works)).toBe("instead");
  store.advance(1000);
  expect(await store.try(fails)).toBe("instead");
  expect(store.changes).toEqual([[false, new Error("gone")]]);
});

it("reports their return, and uses them again", async () => {
  const store = start();
  await store.try(fails);
  store.advance(1000);
  expect(await store.try(works)).toBe("shared");
  expect(await store.try(works)).toBe("shared");
  expect(store.changes.at(-1)).toEqual([true, undefined]);
});

it("lets one call at a time try them, for which the others do not wait", async () => {
  const store = start();
  await store.try(fails);
  store.advance(1000);
  let answer = (_text: string) => {};
  const trying = store.try(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  expect(await store.try(works)).toBe("instead");
  store.advance(5000);
  expect(await store.try(works)).toBe("instead");
  answer("shared");
  expect(await trying).toBe("shared");
});
