import { describe, expect, it } from "vitest";
import { sitePages, siteText } from "./site-pages.ts";

const filesUrl = "https://host.example/lutra/blob/main";
const documents: { readonly [path: string]: string } = {
  "docs/README.md":
    "# All\n\n- [a](a.md)\n- [api](api/README.md)\n- [d](decisions/)\n- [s](../SPEC.md)\n",
  "docs/a.md": "# A `code` title\n\n[Source](../src/x.ts#L1), [spec](../SPEC.md#one), [here](#a)\n",
  "docs/api/README.md": "# API\n\n[up](../a.md)\n",
  "docs/decisions/README.md": "# Decisions\n",
  "SPEC.md": "# Map\n\n[All](docs/README.md), [web](https://host.example/x.md)\n",
  "docs/unlinked.md": "# Unlinked\n",
};
const pages = sitePages({ read: (path) => documents[path], filesUrl });
const pageAt = (path: string) => pages.find((page) => page.path === path);

describe("the pages of the site", () => {
  it("are all documents that links of the index reach", () => {
    const paths = pages.map(({ path }) => path).sort();
    expect(paths).toEqual(["a.md", "api/index.md", "contents.md", "decisions/index.md", "spec.md"]);
  });

  it("have the title of their first heading", () => {
    expect(pageAt("a.md")?.title).toBe("A code title");
  });

  it("link to other pages by their paths on the site", () => {
    expect(pageAt("contents.md")?.text).toContain("(decisions/index.md)");
    expect(pageAt("api/index.md")?.text).toContain("[up](../a.md)");
    expect(pageAt("spec.md")?.text).toContain(
      "[All](contents.md), [web](https://host.example/x.md)",
    );
  });

  it("link to other files in the repository", () => {
    expect(pageAt("a.md")?.text).toContain(
      `[Source](${filesUrl}/src/x.ts#L1), [spec](spec.md#one), [here](a.md#a)`,
    );
  });
});

it("leaves out comments, and keeps code as it is", () => {
  const text = "<!-- hidden\nx\n-->\n```md\n[x](y.md)\n<T>\n```\n\n<!-- keys -->\n\ntext\n";
  const site = siteText("docs/a.md", "a.md", text, { isPage: () => false, filesUrl });
  expect(site).toBe("```md\n[x](y.md)\n<T>\n```\n\n\ntext\n");
});
