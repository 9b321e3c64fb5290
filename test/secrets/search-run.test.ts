/** The search for secrets in everything that a run of the tests has written. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { compiled } from "../compiled.ts";
import { formsOf } from "./forms-of.ts";
import { permitSecretsIn, registerSecret, runVariable } from "./registered-secrets.ts";
import { searchRun } from "./search-run.ts";

const parent = mkdtempSync(join(tmpdir(), "lutra-search-"));
permitSecretsIn(parent, "the secrets that this test plants");
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const secret = "a+planted/secret of ann";
const token = `eyJhbGciOiJSUzI1NiJ9.${"ab1-".repeat(40)}.${"cd2_".repeat(80)}`;

let run: string;

beforeEach(() => {
  run = mkdtempSync(join(parent, "run-"));
  mkdirSync(join(run, "tmp"));
  vi.stubEnv(runVariable, run);
  registerSecret("planted", secret);
  vi.unstubAllEnvs();
});

function write(name: string, content: string | Uint8Array): string {
  const path = join(run, name);
  writeFileSync(path, content);
  return path;
}

/** Registers in the run of the test, and not in the run of all tests. */
function inRun(work: () => void): void {
  vi.stubEnv(runVariable, run);
  onTestFinished(() => void vi.unstubAllEnvs());
  work();
}

describe("the search of a run", () => {
  it.each([
    ["as it is", secret],
    ["in a URL", `https://a.example/?token=${encodeURIComponent(secret)}&b=1`],
    ["in a form", new URLSearchParams({ token: secret }).toString()],
    ["in JSON", JSON.stringify({ token: secret })],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["within base64", Buffer.from(`ann:${secret}:end`).toString("base64")],
    ["in base64 for URLs", Buffer.from(`{"a":"${secret}"}`).toString("base64url")],
    ["in hexadecimal digits", Buffer.from(secret).toString("hex")],
  ])("finds a secret %s, and names its kind and line only", (_how, text) => {
    const file = write("tmp/a.log", `first\nsecond ${text} third\n`);
    const found = searchRun(run);
    expect(found).toEqual([`${file}:2: planted`]);
    expect(found.join("\n")).not.toContain(text);
  });

  it("finds it in the output, in removed files, in folders and in binary files", () => {
    const output = write("output", `${"line\n".repeat(1000)}${secret}`);
    mkdirSync(join(run, "tmp/deep/er"), { recursive: true });
    const bytes = Buffer.concat([Buffer.alloc(5000, 0xff), Buffer.from(secret), Buffer.alloc(9)]);
    const database = write("tmp/deep/er/a.db", bytes);
    write("removed", "/tmp/gone.log:7: planted\n");
    expect(searchRun(run)).toEqual([
      "/tmp/gone.log:7: planted",
      `${output}:1001: planted`,
      `${database}:1: planted`,
    ]);
  });

  it("finds it where one part that is read ends and the next one begins", () => {
    const before = (1 << 20) - 5;
    const text = `${"x".repeat(before)}${secret}${"\n".repeat(2 << 20)}${secret}`;
    expect(searchRun(run)).toEqual([]);
    const file = write("tmp/long.log", text);
    expect(searchRun(run)).toEqual([`${file}:1: planted`]);
    const later = write("tmp/long.log", text.slice(before + secret.length));
    expect(searchRun(run)).toEqual([`${later}:${(2 << 20) + 1}: planted`]);
  });

  it("finds a token that was cut, and not the header that tokens have in common", () => {
    inRun(() => registerSecret("access_token", token));
    write("tmp/a", token.slice(0, 40));
    expect(searchRun(run)).toEqual([]);
    const file = write("tmp/a", `${token.slice(0, 120)}…`);
    expect(searchRun(run)).toEqual([`${file}:1: access_token`]);
  });

  it("finds nothing in files that have to contain secrets, and in other texts", () => {
    inRun(() => permitSecretsIn(write("tmp/tokens.json", secret), "the store of the user"));
    write("tmp/tokens.json.log", "a+planted/secret of bob");
    expect(searchRun(run)).toEqual([]);
  });

  it("finds each of thousands of secrets", () => {
    const many = Array.from({ length: 3000 }, (_, index) => `secret-number-${index * 7919}-of-ann`);
    inRun(() => {
      for (const [index, value] of many.entries()) registerSecret(`kind ${index}`, value);
    });
    write("tmp/all.log", many.map((value) => formsOf(value).at(-1)).join("\n"));
    expect(searchRun(run)).toHaveLength(many.length);
  });

  it("registers no value that texts contain by chance", () => {
    inRun(() => registerSecret("short", "abc"));
    write("tmp/a.log", "abc");
    expect(searchRun(run)).toEqual([]);
  });
});

it("files are searched when a test removes them, in each way", async () => {
  const env = { ...process.env, [runVariable]: run, TMPDIR: join(run, "tmp") };
  const file = compiled(new URL("fixtures/remove-files.ts", import.meta.url));
  await promisify(execFile)(process.execPath, [file], { env });
  const found = ["early", "later", "last"].map((name) =>
    expect.stringMatching(new RegExp(`/removed-\\w+/${name}:2: planted$`)),
  );
  expect(searchRun(run)).toEqual(found);
});
