import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { version } from "./own-version.ts";

it("equals the version in package.json", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(JSON.parse(text)).toMatchObject({ version });
});
