import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { homeText } from "./site-home.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const sources = {
  readme: read("README.md"),
  create: read("packages/create-lutra/README.md"),
  index: read("docs/README.md"),
  indexPath: "docs/README.md",
};

it("shows the commands, the server and the figures of README.md, and links to all pages", () => {
  const home = homeText(sources);
  expect(home).toContain("npm create lutra my-server");
  expect(home).toContain("npx lutra serve server.ts");
  expect(home).toContain("const add = defineTool({");
  expect(home).toContain("(bench/results/latest.md)");
  expect(home).toContain("- [write a server](docs/server.md)\n");
  expect(home).toContain("- [see a server, a client and a fleet](README.md)\n");
});

it("rejects a README without the part that it shows", () => {
  const readme = sources.readme.replace("## Performance", "## Speed");
  expect(() => homeText({ ...sources, readme })).toThrow("README.md: expected text that matches");
});
