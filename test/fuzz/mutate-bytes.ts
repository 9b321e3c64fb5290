/** Mutations of bytes and of text. */
import type { Random } from "./random.ts";

/** Maximum length of an input, in bytes or characters. */
const maxLength = 8192;

const encoder = new TextEncoder();
const boundaryBytes = [0, 9, 10, 13, 32, 34, 37, 44, 58, 92, 127, 128, 0xbf, 0xc0, 0xef, 0xff];
const texts = ["\0", "\n", "\r", "\t", " ", '"', "%", "%2F", "\\", "\ud800", "\udc00", "\u{1f9a6}"]
  .concat(["é", "e\u0301", "\u202e", "\ufeff", "\ufffd", "__proto__", "constructor", "toJSON"])
  .concat(["0", "-0", "1e400", "9007199254740993", "=?base64?", "?="]);

export interface Material {
  readonly random: Random;
  readonly dictionary: readonly string[];
}

/** Returns bytes with a few changes; `other` provides pieces. */
export function mutateBytes(
  bytes: Uint8Array,
  other: Uint8Array,
  { random, dictionary }: Material,
): Uint8Array {
  let list = Array.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    list = mutateList(list, random, () => {
      if (dictionary.length > 0 && random.oneIn(2)) {
        return Array.from(encoder.encode(random.pick(dictionary)));
      }
      if (random.oneIn(3)) return pieceOf(Array.from(other), random);
      return [random.oneIn(2) ? random.pick(boundaryBytes) : random.below(256)];
    });
  }
  return Uint8Array.from(list.slice(0, maxLength));
}

/** Returns text with a few changes, which may contain lone surrogates. */
export function mutateText(text: string, { random, dictionary }: Material): string {
  let list = text.split("");
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    list = mutateList(list, random, () => {
      if (dictionary.length > 0 && random.oneIn(2)) return random.pick(dictionary).split("");
      if (random.oneIn(2)) return random.pick(texts).split("");
      return [String.fromCharCode(random.oneIn(4) ? random.below(65_536) : random.below(128))];
    });
  }
  return list.slice(0, maxLength).join("");
}

/** Inserts, replaces, removes or repeats a piece of a list. */
function mutateList<T>(list: readonly T[], random: Random, fresh: () => readonly T[]): T[] {
  const at = random.below(list.length + 1);
  const before = list.slice(0, at);
  const after = list.slice(at);
  const length = random.oneIn(4) ? random.below(after.length + 1) : Math.min(1, after.length);
  switch (random.below(5)) {
    case 0:
      return [...before, ...fresh(), ...after];
    case 1:
      return [...before, ...fresh(), ...after.slice(length)];
    case 2:
      return [...before, ...after.slice(length)];
    case 3: {
      const piece = after.slice(0, length);
      const times = random.oneIn(8) ? 50 : 1;
      return [...before, ...Array.from({ length: times }, () => piece).flat(), ...after];
    }
    default:
      return [...after, ...before];
  }
}

function pieceOf<T>(list: readonly T[], random: Random): readonly T[] {
  const start = random.below(list.length + 1);
  return list.slice(start, start + 1 + random.below(32));
}
