import { describe, expect, it } from "vitest";
import { handleStoreContract } from "../testing/contracts/handle-store-contract.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createMemoryHandleStore } from "./memory-handle-store.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";

const handle = { scope: "s", id: "a", version: 1, expiresAt: 1000, value: {} };

describe("a handle store in memory", () => {
  const contract = handleStoreContract(async () => {
    const store = createMemoryHandleStore();
    return [store, store];
  });
  for (const { name, run } of contract) it(name, run);
});

it("uses the clock of its options", async () => {
  const clock = createManualClock(0);
  const store = createMemoryHandleStore({ now: clock.now });
  await store.create(handle);
  clock.advance(999);
  expect(await store.get("s", "a")).toBeDefined();
  clock.advance(1);
  expect(await store.get("s", "a")).toBeUndefined();
});

it("refuses values above its limit, and deletes expired ones to make room", async () => {
  const clock = createManualClock(0);
  const store = createMemoryHandleStore({ maxHandles: 1, now: clock.now });
  await store.create(handle);
  await expect(store.create({ ...handle, id: "b" })).rejects.toThrow(StoreUnavailableError);
  clock.advance(1000);
  await store.create({ ...handle, id: "b", expiresAt: null });
  expect(await store.get("s", "b")).toBeDefined();
  expect(() => createMemoryHandleStore({ maxHandles: 0 })).toThrow(TypeError);
});

it("is not shared", () => {
  expect(createMemoryHandleStore().isShared).toBe(false);
});

it("does not search for expired values again before one expires", async () => {
  const clock = createManualClock(0);
  let checks = 0;
  const now = () => {
    checks += 1;
    return clock.now();
  };
  const store = createMemoryHandleStore({ maxHandles: 1000, now });
  for (let id = 0; id < 1000; id += 1) await store.create({ ...handle, id: `${id}` });
  await expect(store.create({ ...handle, id: "b" })).rejects.toThrow(StoreUnavailableError);
  checks = 0;
  await expect(store.create({ ...handle, id: "b" })).rejects.toThrow(StoreUnavailableError);
  expect(checks).toBeLessThan(10);
  // A value that expires earlier than all others makes room at its time.
  await store.delete("s", "0");
  await store.create({ ...handle, id: "early", expiresAt: 10 });
  clock.advance(10);
  await store.create({ ...handle, id: "b" });
  expect(await store.get("s", "b")).toBeDefined();
});
