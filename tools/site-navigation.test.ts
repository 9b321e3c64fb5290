import { expect, it } from "vitest";
import { navigationOf } from "./site-navigation.ts";

const page = (source: string, path: string, title = path) => ({ source, path, title, text: "" });
const pages = [
  page("docs/server.md", "server.md"),
  page("docs/api/README.md", "api/index.md"),
  page("docs/api/x-10.md", "api/x-10.md", "x, part 10"),
  page("docs/api/x-2.md", "api/x-2.md", "x, part 2"),
];

it("has the groups, the order and the titles of the index", () => {
  const index =
    "# All\n\n## Build\n\n- [write a server](server.md): tools\n\n## Find\n\n- [find](api/README.md): x\n";
  expect(navigationOf(index, pages)).toEqual([
    { text: "Build", items: [{ text: "Write a server", link: "/server.html" }] },
    {
      text: "Find",
      items: [
        {
          text: "Find",
          link: "/api/",
          collapsed: true,
          items: [
            { text: "x, part 2", link: "/api/x-2.html" },
            { text: "x, part 10", link: "/api/x-10.html" },
          ],
        },
      ],
    },
  ]);
});

it("rejects an entry without a page", () => {
  expect(() => navigationOf("## A\n\n- [x](x.md): y\n", pages)).toThrow(
    "expected a page at docs/x.md",
  );
});
