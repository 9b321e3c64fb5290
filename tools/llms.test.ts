import { expect, it } from "vitest";
import { decisionsText, itemsOf, llmsText, unlisted } from "./llms.ts";

const index = [
  "# Documentation",
  "",
  "- [write a server](server.md): tools",
  "- [see a server](../README.md): the first one",
].join("\n");

it("writes one line for each page of the index, with paths from the root", () => {
  expect(llmsText("A library.", itemsOf(index))).toBe(
    [
      "# Lutra",
      "",
      "> A library.",
      "",
      "## Documentation",
      "",
      "- [Write a server](docs/server.md): tools",
      "- [See a server](README.md): the first one",
      "",
    ].join("\n"),
  );
});

it("finds the pages that the index does not list", () => {
  const pages = ["docs/README.md", "docs/server.md", "docs/new.md", "docs/api/server.md"];
  expect(unlisted(itemsOf(index), pages)).toEqual(["docs/new.md"]);
});

it("lists the decisions", () => {
  expect(decisionsText([{ file: "0001-a.md", title: "A" }])).toMatch(/\n- \[A\]\(0001-a\.md\)\n$/);
});
