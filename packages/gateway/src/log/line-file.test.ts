import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LineFile, type LineFileOptions } from "./line-file.ts";

let folder: string;
let file: string;
let events: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-lines-"));
  file = join(folder, "access.log");
  events = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<LineFileOptions> = {}) {
  return new LineFile({
    file,
    onError: ({ message }) => events.push(message),
    onRecovered: (lost) => events.push(`recovered, ${lost} lost`),
    ...options,
  });
}

/** Writes lines and waits until they are written or lost. */
function written(out: LineFile, ...lines: readonly string[]): Promise<void> {
  out.write(lines.map((line) => `${line}\n`).join(""));
  return new Promise((resolve) => out.flush(resolve));
}

it("appends lines in order, and creates the folder", async () => {
  file = join(folder, "a/b/access.log");
  const out = open();
  for (const line of ["1", "2"]) out.write(`${line}\n`);
  await written(out, "3");
  out.close();
  const again = open();
  await written(again, "4");
  again.close();
  expect(readFileSync(file, "utf8")).toBe("1\n2\n3\n4\n");
});

it("throws for a path that can't be opened", () => {
  file = folder;
  expect(() => open()).toThrow("EISDIR");
});

it("reopen continues with a new file after the old one was renamed", async () => {
  const out = open();
  await written(out, "1");
  renameSync(file, `${file}.old`);
  await written(out, "2");
  out.write("3\n");
  out.reopen();
  await written(out, "4");
  out.close();
  expect(readFileSync(`${file}.old`, "utf8")).toBe("1\n2\n3\n");
  expect(readFileSync(file, "utf8")).toBe("4\n");
});

it("reopen keeps the open file if the path can't be opened", async () => {
  const out = open();
  await written(out, "1");
  renameSync(folder, `${folder}-moved`);
  writeFileSync(folder, "");
  out.reopen();
  await written(out, "2");
  out.close();
  expect(events).toEqual([expect.stringContaining("EEXIST")]);
  rmSync(folder);
  renameSync(`${folder}-moved`, folder);
  expect(readFileSync(file, "utf8")).toBe("1\n2\n");
});

it("begins a new file above maxBytes, and keeps the given number of earlier files", async () => {
  const out = open({ maxBytes: 4, keep: 2 });
  for (const line of ["a", "bbbb", "cccc", "dddd", "e"]) await written(out, line);
  out.close();
  expect(readdirSync(folder).toSorted()).toEqual(["access.log", "access.log.1", "access.log.2"]);
  expect(readFileSync(file, "utf8")).toBe("e\n");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("dddd\n");
});

describe("a full disk", () => {
  it.runIf(process.platform === "linux")("counts lost lines and is reported once", async () => {
    const out = open({ file: "/dev/full" });
    await written(out, "1", "2");
    await written(out, "3");
    expect(out.lost()).toBe(3);
    expect(events).toEqual([expect.stringContaining("ENOSPC")]);
    out.close();
  });

  it.runIf(canMount())("leaves no part of a line [needs a mounted tmpfs]", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    try {
      const out = open();
      const line = "x".repeat(999);
      for (let count = 0; count < 10; count += 1) await written(out, ...Array(10).fill(line));
      expect(readFileSync(file, "utf8")).toBe(`${line}\n`.repeat(65));
      expect(out.lost()).toBe(35);
      // Another program removes the full file.
      renameSync(file, `${file}.1`);
      rmSync(`${file}.1`);
      out.reopen();
      await written(out, "again");
      expect(readFileSync(file, "utf8")).toBe("again\n");
      expect(events).toEqual([expect.stringContaining("ENOSPC"), "recovered, 35 lost"]);
      out.close();
    } finally {
      execFileSync("umount", [folder]);
    }
  });
});

/** True if this process may mount a file system. */
function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const probe = mkdtempSync(join(tmpdir(), "lutra-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}
