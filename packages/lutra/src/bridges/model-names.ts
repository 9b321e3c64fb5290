/**
 * Names of tools for models. Providers accept fewer names than the protocol: 1 to 64 letters,
 * digits, `_` and `-`, of which the first is a letter or `_`.
 */

const maxLength = 64;
const accepted = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/**
 * Returns the names for models, in the order of `names`, which must differ. A name that providers
 * accept stays as it is. In others `_` replaces the characters that are not accepted, and a hash of
 * the name is added if the result is too long or belongs to another tool. A hash and not a number,
 * so that the name of a tool does not depend on the order of the list.
 */
export function modelNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names.filter((name) => accepted.test(name)));
  const uses = new Map<string, number>();
  for (const name of names.map(plainName)) uses.set(name, (uses.get(name) ?? 0) + 1);
  return names.map((name) => {
    if (taken.has(name)) return name;
    const plain = plainName(name);
    const isFree = uses.get(plain) === 1 && plain.length <= maxLength;
    let unique = isFree ? plain : hashedName(name, plain);
    for (let seed = 2; taken.has(unique); seed += 1) unique = hashedName(`${name} ${seed}`, plain);
    taken.add(unique);
    return unique;
  });
}

function plainName(name: string): string {
  if (accepted.test(name)) return name;
  const plain = name.replace(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
}

function hashedName(name: string, plain: string): string {
  const suffix = `_${hash(name)}`;
  return plain.slice(0, maxLength - suffix.length) + suffix;
}

/** Returns a hash of 53 bits in base 36. It need not be secure, because names are made unique. */
function hash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (let at = 0; at < text.length; at += 1) {
    low = Math.imul(low ^ text.charCodeAt(at), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(at), 0x85ebca6b);
  }
  return ((high >>> 11) * 2 ** 32 + (low >>> 0)).toString(36);
}
