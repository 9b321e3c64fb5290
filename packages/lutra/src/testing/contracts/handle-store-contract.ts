import type { HandleStore, StoredHandle } from "../../stores/handle-store.ts";
import { type ContractCase, expectEqual, expectRejection, freshId } from "./contract-case.ts";

/**
 * Returns the contract of a `HandleStore` as cases for any test runner. `open` opens two stores over the
 * same data, as two replicas do. For a store in memory, both are the same. Cases may share one database.
 */
export function handleStoreContract(
  open: () => Promise<readonly [HandleStore, HandleStore]>,
): readonly ContractCase[] {
  return cases.map(({ name, body }) => ({
    name,
    run: async () => {
      const [one, other] = await open();
      try {
        await body(one, other);
      } finally {
        await Promise.all([one.close(), other.close()]);
      }
    },
  }));
}

interface HandleStoreCase {
  readonly name: string;
  readonly body: (one: HandleStore, other: HandleStore) => Promise<void>;
}

function freshHandle(changes: Partial<StoredHandle> = {}): StoredHandle {
  const expiresAt = Date.now() + 600_000;
  return { scope: `s ${freshId()}`, id: freshId(), version: 1, expiresAt, value: {}, ...changes };
}

const cases: readonly HandleStoreCase[] = [
  {
    name: "returns any JSON value at every replica",
    body: async (one, other) => {
      for (const value of [null, false, 0, "", "ö\u0000'", [[], {}], { a: { b: [1.5, null] } }]) {
        const handle = freshHandle({ value, expiresAt: value === null ? null : 8e12 });
        await one.create(handle);
        expectEqual(await other.get(handle.scope, handle.id), handle, "the handle");
      }
    },
  },
  {
    name: "separates the ids of different scopes",
    body: async (one, other) => {
      const handle = freshHandle({ value: "mine" });
      const foreign = { ...handle, scope: `${handle.scope} ` };
      await one.create(handle);
      expectEqual(await other.get(foreign.scope, handle.id), undefined, "the foreign handle");
      expectEqual(await other.replace({ ...foreign, version: 2 }), false, "its replacement");
      expectEqual(await other.delete(foreign.scope, handle.id), false, "its deletion");
      await other.create({ ...foreign, value: "yours" });
      expectEqual((await one.get(handle.scope, handle.id))?.value, "mine", "the value");
    },
  },
  {
    name: "returns undefined for ids with NUL characters or lone surrogates",
    body: async (one) => {
      const handle = freshHandle();
      await one.create(handle);
      for (const id of ["\u0000", `${handle.id}\u0000`, `\u0000${handle.id}`, "\ud800"]) {
        expectEqual(await one.get(handle.scope, id), undefined, "the handle");
        expectEqual(await one.delete(handle.scope, id), false, "its deletion");
      }
      expectEqual(await one.get(handle.scope, handle.id), handle, "the handle afterwards");
    },
  },
  {
    name: "refuses an id that exists in its scope",
    body: async (one, other) => {
      const handle = freshHandle();
      await one.create(handle);
      await expectRejection(other.create(handle), "a second create");
    },
  },
  {
    name: "replaces only the previous version",
    body: async (one, other) => {
      const handle = freshHandle();
      const second = { ...handle, version: 2, value: ["new"], expiresAt: null };
      await one.create(handle);
      expectEqual(await other.replace(second), true, "the replacement");
      expectEqual(await one.get(handle.scope, handle.id), second, "the handle");
      expectEqual(await one.replace(second), false, "the same replacement again");
      expectEqual(await one.replace({ ...second, version: 4 }), false, "a leap");
    },
  },
  {
    name: "accepts one of many concurrent replacements of a version",
    body: async (one, other) => {
      const handle = freshHandle();
      await one.create(handle);
      const tries = Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? one : other).replace({ ...handle, version: 2, value: n }),
      );
      const won = (await Promise.all(tries)).flatMap((isWon, n) => (isWon ? [n] : []));
      expectEqual(won.length, 1, "how many replaced it");
      expectEqual((await one.get(handle.scope, handle.id))?.value, won[0], "the value");
    },
  },
  {
    name: "deletes a value, and reports whether it existed",
    body: async (one, other) => {
      const handle = freshHandle();
      await one.create(handle);
      expectEqual(await other.delete(handle.scope, handle.id), true, "the deletion");
      expectEqual(await one.get(handle.scope, handle.id), undefined, "the handle");
      expectEqual(await one.delete(handle.scope, handle.id), false, "a second deletion");
    },
  },
  {
    name: "treats an expired value like an unknown one",
    body: async (one, other) => {
      const handle = freshHandle({ expiresAt: Date.now() - 1 });
      await one.create(handle);
      expectEqual(await other.get(handle.scope, handle.id), undefined, "the handle");
      expectEqual(await one.replace({ ...handle, version: 2 }), false, "its replacement");
      expectEqual(await one.delete(handle.scope, handle.id), false, "its deletion");
    },
  },
  {
    name: "sweeps expired values only, up to the limit",
    body: async (one, other) => {
      while ((await one.sweep(1000)) > 0);
      const kept = freshHandle();
      await one.create(kept);
      for (let n = 0; n < 3; n += 1) await one.create(freshHandle({ expiresAt: longAgo() }));
      expectEqual(await other.sweep(2), 2, "the first sweep");
      expectEqual(await one.sweep(2), 1, "the second sweep");
      expectEqual(await one.sweep(2), 0, "the third sweep");
      expectEqual(await other.get(kept.scope, kept.id), kept, "a handle that has not expired");
    },
  },
];

/** The expiry of a row that every sweep deletes. Stores may keep expired rows for some minutes. */
const longAgo = () => Date.now() - 3_600_000;
