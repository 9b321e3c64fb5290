import type { TokenStore } from "../../auth/client/token-store.ts";
import { type ContractCase, expectEqual, expectRejection, freshId } from "./contract-case.ts";

/**
 * Returns the contract of a `TokenStore` as cases for any test runner. `open` resolves to two stores
 * with the same entries, as two replicas have them. For a store in memory, both are the same.
 */
export function tokenStoreContract(
  open: () => Promise<readonly [TokenStore, TokenStore]>,
): readonly ContractCase[] {
  return cases.map(({ name, body }) => ({ name, run: async () => body(...(await open())) }));
}

interface TokenStoreCase {
  readonly name: string;
  readonly body: (one: TokenStore, other: TokenStore) => Promise<void>;
}

const cases: readonly TokenStoreCase[] = [
  {
    name: "returns the last value of an entry at any replica",
    body: async (one, other) => {
      const key = JSON.stringify(["tokens", freshId(), "https://mcp.example/ü?'\""]);
      expectEqual((await one.get(key)) ?? "none", "none", "an entry that was not set");
      await one.set(key, '{"accessToken":"ä"}');
      expectEqual(await other.get(key), '{"accessToken":"ä"}', "the value at another replica");
      await other.set(key, "second");
      expectEqual(await one.get(key), "second", "the value after another replica has set it");
    },
  },
  {
    name: "keeps a value of 64 KiB",
    body: async (one, other) => {
      const [key, value] = [freshId(), "x".repeat(65_536)];
      await one.set(key, value);
      expectEqual((await other.get(key))?.length, value.length, "the length of the value");
    },
  },
  {
    name: "deletes an entry, also one that does not exist",
    body: async (one, other) => {
      const [key, kept] = [freshId(), freshId()];
      await one.set(key, "a");
      await one.set(kept, "b");
      await other.delete(key);
      await other.delete(key);
      expectEqual((await one.get(key)) ?? "none", "none", "the deleted entry");
      expectEqual(await one.get(kept), "b", "another entry");
    },
  },
  {
    name: "keeps an entry until it expires",
    body: async (one, other) => {
      const key = freshId();
      await one.set(key, "a", Date.now() + 600_000);
      expectEqual(await other.get(key), "a", "an entry before its end");
    },
  },
  {
    name: "runs work with the same key one after the other, at all replicas",
    body: async (one, other) => {
      const key = freshId();
      await one.set(key, "0");
      const increment = async (store: TokenStore): Promise<void> => {
        const before = Number(await store.get(key));
        await store.set(key, String(before + 1));
      };
      const stores = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : other));
      await Promise.all(stores.map((store) => store.lock(key, () => increment(store))));
      expectEqual(await one.get(key), "10", "the sum of ten increments");
    },
  },
  {
    name: "runs work with other keys at the same time, also inside of a lock",
    body: async (one, other) => {
      const inner = () => other.lock(freshId(), async () => "inner");
      expectEqual(await one.lock(freshId(), inner), "inner", "the result of the inner work");
    },
  },
  {
    name: "releases a lock when its work fails",
    body: async (one, other) => {
      const key = freshId();
      await expectRejection(
        one.lock(key, () => Promise.reject(new Error("no"))),
        "a lock whose work fails",
      );
      expectEqual(await other.lock(key, async () => "next"), "next", "the result of the next work");
    },
  },
];
