import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryHandleStore } from "../../stores/memory-handle-store.ts";
import { tokenStoreContract } from "../../testing/contracts/token-store-contract.ts";
import { createFileTokenStore } from "./file-token-store.ts";
import { createSharedTokenStore } from "./shared-token-store.ts";
import { createMemoryTokenStore } from "./token-store.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-token-store-"));
});

afterAll(() => rm(folder, { recursive: true }));

describe("a token store in memory", () => {
  const contract = tokenStoreContract(async () => {
    const store = createMemoryTokenStore();
    return [store, store];
  });

  it.each(contract)("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  it("drops the oldest entry when it is full", async () => {
    const store = createMemoryTokenStore({ maxEntries: 2 });
    for (const key of ["a", "b", "c"]) await store.set(key, key);
    expect([await store.get("a"), await store.get("b"), await store.get("c")]).toEqual([
      undefined,
      "b",
      "c",
    ]);
  });
});

const aKey = btoa("0123456789abcdef0123456789abcdef");

it.each([
  ["in memory", createMemoryTokenStore],
  [
    "over handles",
    () => createSharedTokenStore({ handles: createMemoryHandleStore(), keys: [aKey] }),
  ],
])("a token store %s no longer waits for a lock once the signal aborts", async (_what, create) => {
  const store = create();
  const aborted = new AbortController();
  const ran: string[] = [];
  await store.lock("a", async () => {
    const waiting = store.lock("a", async () => void ran.push("waiting"), aborted.signal);
    aborted.abort();
    await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
    ran.push("holder");
  });
  await store.lock("a", async () => void ran.push("next"));
  expect(ran).toEqual(["holder", "next"]);
});

describe("a token store over a store of handles", () => {
  const key = btoa("0123456789abcdef0123456789abcdef");
  const contract = tokenStoreContract(async () => {
    const handles = createMemoryHandleStore();
    const open = () => createSharedTokenStore({ handles, keys: [key] });
    return [open(), open()];
  });

  it.each(contract)("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  it("stores neither values nor names in plain, and reads with earlier keys", async () => {
    const kept: unknown[] = [];
    const memory = createMemoryHandleStore();
    const create: typeof memory.create = (handle) => {
      kept.push(handle);
      return memory.create(handle);
    };
    const handles = { ...memory, create };
    const other = btoa("f".repeat(32));
    await createSharedTokenStore({ handles, keys: [other] }).set("tokens of ann", "a-secret");
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toMatch(/of ann|a-secret/);
    const both = createSharedTokenStore({ handles, keys: [key, other] });
    expect(await both.get("tokens of ann")).toBe("a-secret");
    expect(await createSharedTokenStore({ handles, keys: [key] }).get("tokens of ann")).toBe(
      undefined,
    );
  });

  it.each([[[]], [["short"]], [[btoa("x")]]])("refuses the keys %j", (keys) => {
    const handles = createMemoryHandleStore();
    expect(() => createSharedTokenStore({ handles, keys })).toThrow(TypeError);
  });
});

describe("a token store in a file", () => {
  const contract = tokenStoreContract(async () => {
    const options = { path: join(folder, "tokens.json"), encryption: "none" } as const;
    return [createFileTokenStore(options), createFileTokenStore(options)];
  });

  it.each(contract)("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
