/** The size of the page, compressed as a server might send it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../packages/console/dist/page/", import.meta.url));

/** Maximum size of the code of all views, in bytes. The first view loads about half of it. */
const maxBytes = 80_000;

it("is at most 80 kB for all of its files together", () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map(
    (file) => gzipSync(readFileSync(`${file.parentPath}/${file.name}`)).length,
  );
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(maxBytes);
});
