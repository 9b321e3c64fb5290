import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("./fixtures/large-body.ts", import.meta.url));

it("streams a body of 50 MB in both directions without growing memory", async () => {
  const args = ["--expose-gc", "--import", "tsx", program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { received, grownBytes } = JSON.parse(stdout);
  expect(received).toBe(50 * 1024 * 1024);
  expect(grownBytes).toBeLessThan(4 * 1024 * 1024);
}, 30_000);
