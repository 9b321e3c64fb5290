import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openBus, openStore } from "./open-store.ts";

vi.setConfig({ testTimeout: 30_000 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-open-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const task = { taskId: "a", version: 1, expiresAt: null, state: {} };

describe("openStore", () => {
  it.each([
    ["memory", (): string => "memory:", false],
    ["a relative path", (): string => `sqlite:${join(folder, "a.db")}`, true],
    ["an absolute path", (): string => `sqlite://${join(folder, "b.db")}`, true],
  ] as const)("opens %s", async (_what, url, isShared) => {
    const store = await openStore(url());
    expect([store.tasks, store.handles, store.replayGuard].map((one) => one.isShared)).toEqual([
      isShared,
      isShared,
      isShared,
    ]);
    await store.tasks.create(task, {});
    expect(await store.tasks.get("a")).toEqual(task);
    expect(store.events).toBeUndefined();
    await store.close();
  });

  it.each([
    ["mysql://host/db", "store: expected memory:, sqlite:./state.db or postgres://"],
    ["redis://:secret@host", "got redis:"],
    ["./state.db", "a text without a scheme"],
    ["sqlite:", "expected a path"],
    ["sqlite://host", "expected a path"],
    ["sqlite:./missing/state.db", "the folder ./missing does not exist"],
    ["sqlite:./a.db?prefix=a", "prefix: expected none with sqlite:"],
    ["postgres://u:secret@127.0.0.1:1/db?prefix=A", "prefix: expected 1 to 40 characters"],
    ["postgres://u:secret@127.0.0.1:1/db?prefix=a", "postgres at 127.0.0.1:1 is unreachable"],
    ["postgres://:::", "expected a URL after postgres:"],
    ["postgres://u:secret@127.0.0.1:1/db", "postgres at 127.0.0.1:1 is unreachable"],
  ])("rejects %s with a reason", async (url, message) => {
    const opening = openStore(url);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});

describe("openBus", () => {
  it.each([
    ["memory:", "bus: expected redis://host:6379 or postgres://"],
    ["redis://:secret@127.0.0.1:1", "redis at 127.0.0.1:1 is unreachable: connection refused"],
    ["redis://:::", "expected a URL after redis:"],
  ])("rejects %s with a reason", async (url, message) => {
    const opening = openBus(url);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  it("names protected mode for a Redis server that closes the connection", async () => {
    const redis = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("-DENIED Redis is running in protected mode\r\n");
    });
    redis.listen(0, "127.0.0.1");
    await once(redis, "listening");
    const { port } = redis.address() as AddressInfo;
    await expect(openBus(`redis://127.0.0.1:${port}`)).rejects.toThrow(
      /^redis at 127\.0\.0\.1:\d+ closed the connection; .* protected-mode no$/,
    );
    redis.close();
  });
});
