/** Mutations of JSON values, which keep them JSON. */
import { type Material, mutateText } from "./mutate-bytes.ts";
import type { Random } from "./random.ts";

type Parent = unknown[] | Record<string, unknown>;

/** A member of an array or an object. */
interface Place {
  readonly parent: Parent;
  readonly key: string | number;
}

const values: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, -(2 ** 53) - 2, 4_294_967_296, 5e-324],
  ...["", "a", " ", "null", "\ud800", "é", "1", [], {}, [null], [[]], { a: 1 }, [1, 1]],
];
const keys = ["__proto__", "constructor", "toString", "toJSON", "length", "", "0", "a", "é", "a.b"];

/** Maximum length of the JSON of an input, in characters. */
const maxLength = 8192;

/** Returns a copy of a value with a few changes; `other` provides parts. */
export function mutateJSON(value: unknown, other: unknown, material: Material): unknown {
  const { random } = material;
  const root = { value: copyOf(value) };
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    mutatePlace(random.pick(placesOf(root)), other, material);
  }
  return JSON.stringify(root.value).length > maxLength ? value : root.value;
}

function mutatePlace(place: Place, other: unknown, material: Material): void {
  const { random } = material;
  const value = read(place);
  if (typeof value === "string" && !random.oneIn(4)) write(place, mutateText(value, material));
  else if (typeof value === "number" && random.oneIn(2)) write(place, mutateNumber(value, random));
  else if (typeof value === "object" && value !== null && !random.oneIn(3)) {
    mutateMembers(value as Parent, other, material);
  } else write(place, freshValue(value, other, material));
}

function freshValue(value: unknown, other: unknown, { random, dictionary }: Material): unknown {
  switch (random.below(5)) {
    case 0:
      return [value];
    case 1:
      return { [random.pick(keys)]: value };
    case 2:
      return copyOf(read(random.pick(placesOf({ value: other }))));
    case 3:
      if (dictionary.length > 0) return random.pick(dictionary);
      return copyOf(random.pick(values));
    default:
      return copyOf(random.pick(values));
  }
}

function mutateMembers(parent: Parent, other: unknown, material: Material): void {
  const { random, dictionary } = material;
  const names = Object.keys(parent);
  const name = names.length > 0 ? random.pick(names) : "";
  const fresh = freshValue(null, other, material);
  if (Array.isArray(parent)) {
    const at = random.below(parent.length + 1);
    if (random.oneIn(3)) parent.splice(at, 1);
    else if (random.oneIn(2)) parent.splice(at, 0, fresh);
    else parent.splice(at, 0, ...parent.slice(0, 8).map(copyOf));
    return;
  }
  const known = dictionary.length > 0 && random.oneIn(2) ? dictionary : keys;
  if (random.oneIn(3)) delete parent[name];
  else if (random.oneIn(2)) write({ parent, key: random.pick(known) }, fresh);
  else {
    const member = parent[name] ?? fresh;
    delete parent[name];
    write({ parent, key: mutateText(name, material) }, member);
  }
}

function mutateNumber(value: number, random: Random): number {
  const changed = [
    value + 1,
    value - 1,
    -value,
    value / 2,
    value * 10,
    value + 0.5,
    2 ** 53 + value,
  ];
  const next = random.pick(changed);
  return Number.isFinite(next) ? next : 0;
}

function placesOf(root: { value: unknown }): readonly Place[] {
  const found: Place[] = [{ parent: root, key: "value" }];
  for (const place of found) {
    const value = read(place);
    if (typeof value !== "object" || value === null) continue;
    const parent = value as Parent;
    for (const name of Object.keys(value)) {
      found.push({ parent, key: Array.isArray(parent) ? Number(name) : name });
    }
  }
  return found;
}

function read({ parent, key }: Place): unknown {
  return Object.getOwnPropertyDescriptor(parent, key)?.value;
}

/** Defines a member, because an assignment to `__proto__` would change the prototype. */
function write({ parent, key }: Place, value: unknown): void {
  Object.defineProperty(parent, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function copyOf(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
