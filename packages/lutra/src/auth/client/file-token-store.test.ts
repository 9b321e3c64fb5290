import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { encryptionWith } from "./file-encryption.ts";
import { fileLock } from "./file-lock.ts";
import { createFileTokenStore } from "./file-token-store.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-tokens-"));
  path = join(folder, "state", "tokens.json");
});

afterEach(() => rm(folder, { recursive: true }));

describe("a token store in a file", () => {
  it("keeps entries for other processes, and deletes them", async () => {
    const store = createFileTokenStore({ path, encryption: "none" });
    await store.set("a", "1");
    await store.set("b", "2");
    const other = createFileTokenStore({ path, encryption: "none" });
    expect([await other.get("a"), await other.get("b")]).toEqual(["1", "2"]);
    await other.delete("a");
    expect(await store.get("a")).toBeUndefined();
    expect(await store.get("b")).toBe("2");
  });

  it("tells once that entries are in plain text, unless that was asked for", async () => {
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const store = createFileTokenStore({ path, onWarning });
    vi.doMock("@napi-rs/keyring", () => {
      throw new Error("no keyring");
    });
    onTestFinished(() => void vi.doUnmock("@napi-rs/keyring"));
    await store.set("a", "1");
    await store.set("b", "2");
    await createFileTokenStore({ path, encryption: "none", onWarning }).set("c", "3");
    expect(warnings).toEqual([
      expect.stringMatching(/tokens\.json: tokens are stored in plain text, .* because .*keyring/),
    ]);
  });

  it("creates files and folders that only the user can read", async () => {
    const store = createFileTokenStore({ path, encryption: "none" });
    await store.set("a", "1");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, "state"))).toEqual(["tokens.json"]);
  });

  it.each(["", "state"])(
    "ignores the folder for state %j, which is not absolute",
    async (value) => {
      vi.stubEnv("XDG_STATE_HOME", value);
      vi.stubEnv("LOCALAPPDATA", value);
      vi.stubEnv("HOME", folder);
      vi.stubEnv("USERPROFILE", folder);
      onTestFinished(() => void vi.unstubAllEnvs());
      await createFileTokenStore({ encryption: "none" }).set("a", "1");
      const files = await readdir(folder, { recursive: true });
      expect(files.filter((file) => file.endsWith("tokens.json"))).toHaveLength(1);
    },
  );

  it("drops expired entries, and the oldest beyond 1000", async () => {
    const store = createFileTokenStore({ path, encryption: "none" });
    const entries = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`k${index}`, { value: "x" }]),
    );
    await store.set("expired", "x", Date.now() - 1);
    expect(await store.get("expired")).toBeUndefined();
    await writeFile(path, JSON.stringify({ encryption: "none", entries }));
    await store.set("new", "y");
    const stored = JSON.parse(await readFile(path, "utf8"));
    expect(Object.keys(stored.entries)).toHaveLength(1000);
    expect([await store.get("k0"), await store.get("new")]).toEqual([undefined, "y"]);
  });

  it.each(["", "{", "[]", '{"entries":[]}', '{"entries":{"a":1}}'])(
    "treats a file that contains %j as empty",
    async (text) => {
      const store = createFileTokenStore({ path, encryption: "none" });
      await store.set("a", "1");
      await writeFile(path, text);
      expect(await store.get("a")).toBeUndefined();
      await store.set("a", "2");
      expect(await store.get("a")).toBe("2");
    },
  );

  it("loses no entry of concurrent changes", async () => {
    const stores = [1, 2, 3].map(() => createFileTokenStore({ path, encryption: "none" }));
    const changes = Array.from({ length: 30 }, (_, index) =>
      stores[index % 3]?.set(`k${index}`, String(index)),
    );
    await Promise.all(changes);
    const { entries } = JSON.parse(await readFile(path, "utf8"));
    expect(Object.keys(entries)).toHaveLength(30);
  });
});

describe("a lock between processes", () => {
  const lock = () => join(folder, "tokens.json");

  it("is held by one at a time", async () => {
    const program = `
      import { fileLock } from ${JSON.stringify(new URL("file-lock.ts", import.meta.url).href)};
      import { appendFile } from "node:fs/promises";
      for (let i = 0; i < 5; i += 1) {
        await fileLock({ path: process.argv[1], key: "key" }, async () => {
          await appendFile(process.argv[2], "begin\\n");
          await appendFile(process.argv[2], "end\\n");
        });
      }`;
    const log = join(folder, "log");
    const children = [1, 2, 3].map(() =>
      spawn(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "-e", program, lock(), log],
        {
          stdio: "inherit",
        },
      ),
    );
    const codes = await Promise.all(children.map((child) => once(child, "exit")));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    expect(lines).toEqual(Array.from({ length: 15 }, () => ["begin", "end"]).flat());
  });

  it("is taken over from a process that has died", async () => {
    await fileLock({ path: lock(), key: "key" }, async () => {});
    const [own] = await new Promise<string[]>((resolve) => {
      void fileLock({ path: lock(), key: "key" }, async () => resolve(await readdir(folder)));
    });
    await writeFile(join(folder, own ?? ""), "the id of another process");
    const old = new Date(Date.now() - 60_000);
    await utimes(join(folder, own ?? ""), old, old);
    expect(await fileLock({ path: lock(), key: "key" }, async () => "taken")).toBe("taken");
    expect(await readdir(folder)).toEqual([]);
  });

  it("is no longer waited for once the signal aborts", async () => {
    const file = { path: lock(), key: "key" };
    const aborted = new AbortController();
    let isRun = false;
    await fileLock(file, async () => {
      const waiting = fileLock({ ...file, signal: aborted.signal }, async () => {
        isRun = true;
      });
      aborted.abort();
      await expect(waiting).rejects.toMatchObject({ reason: "aborted" });
    });
    expect(isRun).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is released when the work fails", async () => {
    const failing = fileLock({ path: lock(), key: "key" }, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await fileLock({ path: lock(), key: "key" }, async () => 1)).toBe(1);
  });
});

describe("the encryption of a file", () => {
  it("hides values, and binds them to their entry and to the key", async () => {
    const { encrypt, decrypt } = encryptionWith(randomBytes(32));
    const secret = await encrypt("refresh-secret", "entry");
    expect(Buffer.from(secret, "base64").toString("latin1")).not.toContain("refresh-secret");
    expect(await decrypt(secret, "entry")).toBe("refresh-secret");
    expect(await decrypt(secret, "other")).toBeUndefined();
    expect(await decrypt("AAAA", "entry")).toBeUndefined();
    expect(await encryptionWith(randomBytes(32)).decrypt(secret, "entry")).toBeUndefined();
  });
});
