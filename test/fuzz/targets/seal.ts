import assert from "node:assert/strict";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { createSealer } from "../../../packages/lutra/src/server/seal.ts";
import { type Target, textOf, wellFormed } from "../target.ts";

const keys = [
  { id: "new", secret: new Uint8Array(32).fill(1) },
  { id: "old", secret: new Uint8Array(32).fill(2) },
] as const;
const sealer = createSealer(keys);
const oldSealer = createSealer([keys[1]]);

export const seal: Target = {
  kind: "json",
  name: "seal",
  title: "seals: an altered seal never opens, and an unaltered one only for its binding",
  dictionary: ["new.", "old.", ".", "=", "-", "_", "A"],
  check: async (input) => {
    if (!isObject(input)) return;
    const { value, binding, altered, position, replacement } = input;
    const bound = wellFormed(textOf(binding));
    for (const by of [sealer, oldSealer]) {
      const sealed = await by.seal(value ?? null, bound);
      assert.match(sealed, /^(?:new|old)\.[\w-]+$/);
      assert.deepEqual(await sealer.open(sealed, bound), JSON.parse(JSON.stringify(value ?? null)));
      assert.equal(await sealer.open(sealed, `${bound}x`), undefined);
      const at = Math.abs(Math.trunc(typeof position === "number" ? position : 0)) % sealed.length;
      const changed = sealed.slice(0, at) + textOf(replacement) + sealed.slice(at + 1);
      if (changed !== sealed) assert.equal(await sealer.open(changed, bound), undefined);
    }
    assert.equal(await sealer.open(textOf(altered), bound), undefined);
  },
};
