import { expect, it } from "vitest";
import { parsePage, slugOf } from "./spec-pages.ts";

it.each([
  ["Server Requirements (Basic Workflow)", "server-requirements-basic-workflow"],
  ["Time-to-Live (TTL) Field", "time-to-live-ttl-field"],
  ["Security & Endpoint", "security-endpoint"],
  ["`_meta`", "meta"],
  ["`$ref` Resolution", "ref-resolution"],
  ["https://", "https"],
  ["[Tools](./tools#calling) and *more*", "tools-and-more"],
])("makes a slug of %s", (title, slug) => {
  expect(slugOf(title)).toBe(slug);
});

it("counts sentences with a MUST under the heading they stand below", () => {
  const page = parsePage(`---
title: A page that MUST NOT be counted here
---

Every request **MUST** say so.

## First

Servers **MUST** answer. They **MUST NOT** wait, and **MUST** be
polite. They **SHOULD** be quick.

- A list item **MUST** count
- as **MUST** the next

### Deeper

| a | **MUST** |
`);
  expect(page).toEqual({ must: 1, headings: { first: 4, deeper: 1 } });
});

it("leaves out code, comments and words in quotation marks", () => {
  const page = parsePage(`
The key words "MUST" and "MUST NOT" are known.

\`\`\`ts
## Not a heading
// this MUST not count
\`\`\`

{/* MUST */}
`);
  expect(page).toEqual({ must: 0, headings: {} });
});

it("numbers a heading that appears again on its page", () => {
  const { headings } = parsePage("## Text\n\n## Text\n\n## Text\n");
  expect(Object.keys(headings)).toEqual(["text", "text-1", "text-2"]);
});
