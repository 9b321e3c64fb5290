/** Identifiers that cannot be guessed. */

/** Characters of identifiers; six random bits choose one. */
const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Random bytes drawn in advance, because one draw costs as much as fifty identifiers. */
const drawn = new Uint8Array(4096);
let nextDrawn = drawn.length;

/**
 * Returns random text for identifiers that must not be guessed.
 *
 * @param bytes The entropy, in bytes, rounded up to whole characters; at most 3072
 */
export function randomId(bytes = 16): string {
  const length = Math.ceil((bytes * 8) / 6);
  if (length > drawn.length) {
    throw new RangeError(`randomId: expected at most 3072 bytes, got ${bytes}`);
  }
  if (nextDrawn + length > drawn.length) {
    crypto.getRandomValues(drawn);
    nextDrawn = 0;
  }
  let id = "";
  for (const end = nextDrawn + length; nextDrawn < end; nextDrawn += 1) {
    id += characters[(drawn[nextDrawn] as number) & 63];
    // Used bytes are erased, so that they cannot be read again.
    drawn[nextDrawn] = 0;
  }
  return id;
}
