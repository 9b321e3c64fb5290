import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isSource, packageSources } from "./files.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** See `parseURL` in `lutra/src/protocol/parse-url.ts`. */
it("no source calls URL.canParse, which Node 20 answers wrongly once it is optimised", () => {
  const sources = packageSources(root).filter(isSource);
  const calling = sources.filter((path) => readFileSync(root + path, "utf8").includes("canParse("));
  expect(sources.length).toBeGreaterThan(500);
  expect(calling).toEqual([]);
});
