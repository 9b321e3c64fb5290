import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { LineReader } from "./line-reader.ts";

function logFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-logs-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "access.log");
  writeFileSync(path, text);
  return path;
}

async function reading(path: string): Promise<LineReader> {
  const reader = await LineReader.open(path);
  onTestFinished(() => reader.close());
  return reader;
}

async function linesOf(reader: LineReader): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of reader.read()) lines.push(line);
  return lines;
}

it("reads complete lines, and later those that were added", async () => {
  const path = logFile("one\ntwo\nthr");
  const reader = await reading(path);
  expect(await linesOf(reader)).toEqual(["one", "two"]);
  appendFileSync(path, "ee\nfour\n");
  expect(await linesOf(reader)).toEqual(["three", "four"]);
});

it("reads lines that are longer than a read, and characters on its edge", async () => {
  const long = "é".repeat(100_000);
  const reader = await reading(logFile(`a${long}\nend\n`));
  expect(await linesOf(reader)).toEqual([`a${long}`, "end"]);
});

it("leaves out a line that is too long", async () => {
  const reader = await reading(logFile(`${"x".repeat(1_200_000)}\nend\n`));
  expect(await linesOf(reader)).toEqual(["end"]);
});

it("continues with the new file after a rotation, and loses no line of the old one", async () => {
  const path = logFile("one\n");
  const reader = await reading(path);
  expect(await linesOf(reader)).toEqual(["one"]);
  appendFileSync(path, "two\n");
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, "three\n");
  writeFileSync(path, "four\n");
  expect(await linesOf(reader)).toEqual(["two", "three", "four"]);
});

it("begins again with a file that was emptied", async () => {
  const path = logFile("one\ntwo\n");
  const reader = await reading(path);
  await linesOf(reader);
  truncateSync(path);
  appendFileSync(path, "new\n");
  expect(await linesOf(reader)).toEqual(["new"]);
});

it("follows a file until it is told to stop", async () => {
  const path = logFile("");
  const reader = await reading(path);
  const stop = new AbortController();
  const lines = reader.follow(stop.signal);
  const first = lines.next();
  appendFileSync(path, "one\n");
  expect(await first).toEqual({ done: false, value: "one" });
  const second = lines.next();
  appendFileSync(path, "two\n");
  expect(await second).toEqual({ done: false, value: "two" });
  const end = lines.next();
  stop.abort();
  expect((await end).done).toBe(true);
});
