import assert from "node:assert/strict";
import { isElicitationURL } from "../../../packages/lutra/src/protocol/elicitation.ts";
import { isSafeIconSource } from "../../../packages/lutra/src/protocol/icons.ts";
import { isURI, maxURILength, normalURI } from "../../../packages/lutra/src/protocol/uri.ts";
import { type Target, textOf } from "../target.ts";

export const uri: Target = {
  kind: "json",
  name: "uri",
  title: "URIs: the normal form is stable, and an accepted URL is opened as it reads",
  dictionary: [
    "%",
    "%2f",
    "%C3%A9",
    "://",
    "https://",
    "data:image/png;",
    "/../",
    "@",
    "#",
    "?",
    "[::1]",
  ],
  check: (input) => {
    const text = textOf(input);
    const normal = normalURI(text);
    if (isURI(text) && normal.length <= maxURILength) assert.equal(normalURI(normal), normal);
    if (isURI(text)) {
      assert.ok(isURI(normal));
      assert.doesNotMatch(normal, /[^\x21-\x7e]/);
      assert.doesNotMatch(text, /[\s"<>\\^`{|}]/);
    }
    if (isElicitationURL(text)) assert.equal(new URL(text).href, new URL(text.trim()).href);
    if (isSafeIconSource(text)) assert.match(text, /^(?:https:\/\/|data:image\/)/i);
  },
};
