import assert from "node:assert/strict";
import {
  asJSON,
  canonicalJSON,
  copyOfJSON,
  requireJSON,
  sizeOfJSON,
} from "../../../packages/lutra/src/protocol/json.ts";
import { orRefused, type Target } from "../target.ts";

export const canonicalJson: Target = {
  kind: "json",
  name: "canonical-json",
  title: "canonicalJSON and the copies of JSON values: equal values have equal text",
  check: (input) => {
    const text = orRefused(
      () => canonicalJSON(input),
      (thrown) => thrown instanceof TypeError,
    );
    if (text === undefined) return;
    assert.deepEqual(JSON.parse(text), copyOfJSON(input));
    assert.equal(canonicalJSON(JSON.parse(text)), text);
    assert.equal(canonicalJSON(reversed(input)), text);
    assert.equal(canonicalJSON(asJSON(input)), text);
    assert.equal(canonicalJSON(requireJSON(input, "input")), text);
    assert.ok(sizeOfJSON(input) > 0);
  },
};

/** Returns a copy with the members of objects in reverse order. */
function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}
