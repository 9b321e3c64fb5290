import { expect, it } from "vitest";
import { ResourceSet } from "./resource-set.ts";

const soon = { unused: Promise.resolve(), graceMs: 1000 };

/** Takes resources with these settings, and records the ones that are opened and released. */
function createTaker() {
  const events: string[] = [];
  const take = (settings: { readonly [name: string]: unknown }, before?: ResourceSet) => {
    const set = new ResourceSet(before);
    const resources = Object.entries(settings).map(([name, value]) => {
      const text = `${name} ${JSON.stringify(value)}`;
      const open = () => {
        events.push(`open ${text}`);
        return { text };
      };
      const close = (_resource: object, { graceMs }: { readonly graceMs: number }) => {
        events.push(`close ${text} in ${graceMs}`);
      };
      return set.take({ name, settings: value, open, close });
    });
    return { set, resources };
  };
  return { take, events };
}

it("keeps the resources whose settings are equal by value", async () => {
  const { take, events } = createTaker();
  const first = take({ a: { url: 1 }, b: 1 });
  const second = take({ a: { url: 1 }, b: 2 }, first.set);
  expect(second.resources[0]).toBe(first.resources[0]);
  expect(["a", "b"].map((name) => second.set.keeps(name))).toEqual([true, false]);
  expect(events).toEqual(['open a {"url":1}', "open b 1", "open b 2"]);
});

it("releases changed and missing resources once the next set is in use", async () => {
  const { take, events } = createTaker();
  const first = take({ a: 1, b: 1, c: 1 });
  const second = take({ a: 1, b: 2 }, first.set);
  events.splice(0);
  await second.set.releaseBefore(soon);
  expect(events).toEqual(["close b 1 in 1000", "close c 1 in 1000"]);
  await second.set.releaseBefore(soon);
  expect(events).toHaveLength(2);
});

it("releases only its own resources if the set before stays in use", async () => {
  const { take, events } = createTaker();
  const first = take({ a: 1, b: 1 });
  const second = take({ a: 1, b: 2, c: 1 }, first.set);
  events.splice(0);
  await second.set.discard();
  expect(events).toEqual(["close b 2 in 0", "close c 1 in 0"]);
});

it("releases all resources when it closes, also those that it has taken over", async () => {
  const { take, events } = createTaker();
  const second = take({ a: 1, b: 1 }, take({ a: 1 }).set);
  events.splice(0);
  await second.set.close();
  expect(events).toEqual(["close a 1 in 0", "close b 1 in 0"]);
});
