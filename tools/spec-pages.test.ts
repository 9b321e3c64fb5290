import { expect, it } from "vitest";
import { parsePage, parseRules, slugOf } from "./spec-pages.ts";

/** The levels of rules, without their hashes. */
const levels = (rules: string) => parseRules(rules).map(({ level }) => level);

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

it("finds the rules of each heading, with the key words of each sentence", () => {
  const { rules, headings } = parsePage(`---
title: A page that MUST NOT be counted here
---

Every request **MUST** say so.

## First

Servers **MUST** answer. They **MUST NOT** wait (e.g. for locks), and **MUST** be
polite. They **SHOULD** be quick.

- A list item **SHALL** count
- as is **RECOMMENDED** for the next

### Deeper

| a | **MUST** |
`);
  expect(levels(rules)).toEqual(["MUST"]);
  expect(levels(headings.first ?? "")).toEqual([
    "MUST",
    "MUST NOT, MUST",
    "SHOULD",
    "MUST",
    "SHOULD",
  ]);
  expect(levels(headings.deeper ?? "")).toEqual(["MUST"]);
});

it("identifies a rule by its wording, regardless of line breaks", () => {
  const [one, two, other] = [
    "Servers MUST\nanswer.",
    "Servers MUST answer.",
    "Servers MUST go.",
  ].map((text) => parsePage(text).rules);
  expect(one).toMatch(/^MUST [0-9a-f]{8}$/);
  expect(two).toBe(one);
  expect(other).not.toBe(one);
});

it("leaves out code, comments and words in quotation marks", () => {
  const page = parsePage(`
The key words "MUST", "MUST NOT" and "NOT RECOMMENDED" are known.

\`\`\`ts
## Not a heading
// this MUST not count
\`\`\`

{/* MUST */}
`);
  expect(page).toEqual({ rules: "", headings: {} });
});

it("numbers a heading that appears again on its page", () => {
  const { headings } = parsePage("## Text\n\n## Text\n\n## Text\n");
  expect(Object.keys(headings)).toEqual(["text", "text-1", "text-2"]);
});
