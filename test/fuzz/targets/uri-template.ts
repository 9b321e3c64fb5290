import assert from "node:assert/strict";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { normalURI } from "../../../packages/lutra/src/protocol/uri.ts";
import { parseURITemplate } from "../../../packages/lutra/src/protocol/uri-template.ts";
import { orRefused, type Target, textOf, wellFormed } from "../target.ts";

export const uriTemplate: Target = {
  kind: "json",
  name: "uri-template",
  title: "URI templates: a template of one operator matches what it expands, with the same values",
  dictionary: [
    "{a}",
    "{+a}",
    "{#a}",
    "{?a,b}",
    "{&a}",
    "{/a}",
    "{.a}",
    "{;a}",
    "{a:3}",
    "{a*}",
    "%2F",
  ],
  check: (input) => {
    if (!isObject(input)) return;
    const template = textOf(input.template);
    const parsed = orRefused(
      () => parseURITemplate(template),
      (thrown) => thrown instanceof TypeError && thrown.message.startsWith("URI template "),
    );
    if (parsed === undefined) return;
    const found = parsed.match(textOf(input.uri));
    for (const name of Object.keys(found ?? {})) assert.ok(parsed.variables.includes(name), name);
    // All spellings of a URI match alike.
    assert.deepEqual(parsed.match(normalURI(textOf(input.uri))), found);
    checkExpansion(template, parsed, textOf(input.value));
  },
};

/** Expands a template of one plain expression, for which the result has one reading. */
function checkExpansion(
  template: string,
  { variables, match }: ReturnType<typeof parseURITemplate>,
  value: string,
): void {
  const [, before = "", name = "", after = ""] =
    /^([^{}]*)\{([A-Za-z0-9_]+)\}([^{}]*)$/.exec(template) ?? [];
  if (name === "" || value === "" || value !== wellFormed(value) || template.length > 1000) return;
  assert.deepEqual(variables, [name]);
  const expanded = `${before}${encodeURIComponent(value)}${after}`;
  if (expanded.length > 4000) return;
  const found = match(expanded);
  assert.notEqual(found, undefined, `${template} does not match ${expanded}`);
  // The shortest value is taken, so that a literal at the end can't be part of one.
  if (after === "") assert.equal(found?.[name], value);
}
