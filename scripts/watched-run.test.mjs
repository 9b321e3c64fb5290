import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { node } from "./steps.mjs";
import { openRun } from "./watched-run.mjs";

/** Registers a secret in the environment of a run, and writes it as a program would. */
const program = (write) => `
  const { appendFileSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const secret = ["a-secret", "of-a-program"].join("-");
  const line = "planted\\t" + Buffer.from(secret).toString("base64") + "\\n";
  appendFileSync(process.env.LUTRA_TEST_RUN + "/secrets", line);
  ${write}
`;

let run;
beforeEach(() => {
  // The reports of these runs are not about the run of this test.
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  run = openRun();
});
afterEach(() => {
  run.close();
  vi.restoreAllMocks();
});

const runProgram = (write) => run.run(node("--input-type=module", "-e", program(write)));

it("a run without a secret in what it wrote is clean, and has the exit code of its program", async () => {
  expect(await runProgram("process.exitCode = 3")).toBe(3);
  expect(await run.search()).toBe(true);
});

it.each([
  ["on standard output", "console.log(encodeURIComponent(secret))"],
  ["on standard error", "console.error(Buffer.from(secret).toString('base64'))"],
  ["in a temporary file that is left", "writeFileSync(tmpdir() + '/a.log', secret)"],
])("a run fails for a secret %s", async (_where, write) => {
  expect(await runProgram(write)).toBe(0);
  expect(await run.search()).toBe(false);
});

it("the output of all programs of a run is kept in order", async () => {
  await run.run(node("-e", "console.log('one')"));
  await run.run(node("-e", "console.error('two')"));
  expect(readFileSync(join(run.folder, "output"), "utf8")).toBe("one\ntwo\n");
});

it("lets other users reach their files below it, without listing those of others", () => {
  for (const path of [run.folder, join(run.folder, "tmp")]) {
    expect(statSync(path).mode & 0o777).toBe(0o711);
  }
});
