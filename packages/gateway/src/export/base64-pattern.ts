/**
 * Finds a pattern in Base64 without decoding, for proxies that can only compare: three bytes are
 * four characters, so the bytes around a `*` may fall on them in different ways. Each way is an
 * alternative of the regular expression.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */

/**
 * Each star that is not at the end of a pattern takes four alternatives, and makes proxies try all
 * places in a header for it: what is allowed here is at most the square of its length.
 */
export const maxStars = 2;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const any = "[A-Za-z0-9+/]";

/**
 * A regular expression, without anchors, for the Base64 of all UTF-8 texts that consist of `parts`
 * with any text between them.
 *
 * @throws {TypeError} for more stars than can be expressed
 */
export function base64Pattern(parts: readonly string[]): string {
  const bytes = parts.map((part) => new TextEncoder().encode(part));
  const isOpen = parts.length > 1 && parts.at(-1) === "";
  const gaps = isOpen ? parts.length - 2 : parts.length - 1;
  if (gaps > maxStars)
    throw new TypeError(`expected at most ${maxStars} stars, beside one at the end`);
  const ways = Array.from({ length: 4 ** gaps }, (_, way) => oneWay(bytes, isOpen, way));
  return ways.length === 1 ? `${ways[0]}` : `(?:${ways.join("|")})`;
}

/** `way` has the length of each gap in two bits: none, or 1, 2 or 3 bytes more than a multiple of 3. */
function oneWay(parts: readonly Uint8Array[], isOpen: boolean, way: number): string {
  const closed = isOpen ? parts.slice(0, -1) : parts;
  const writer = new PatternWriter();
  for (const [index, part] of closed.entries()) {
    if (index > 0) writer.gap((way >> (2 * (index - 1))) & 3);
    writer.literal(part);
  }
  return isOpen ? writer.endOpen() : writer.end();
}

type Bit = 0 | 1 | undefined;

/** Writes bits, six to a character; an `undefined` bit may be either. */
class PatternWriter {
  #pattern = "";
  #bits: Bit[] = [];
  #chars = 0;

  literal(bytes: Uint8Array): void {
    for (const byte of bytes) {
      for (let shift = 7; shift >= 0; shift -= 1) this.#push(((byte >> shift) & 1) as 0 | 1);
    }
  }

  gap(bytes: number): void {
    let isRepeated = bytes === 0;
    for (let bit = 0; bit < 8 * bytes; bit += 1) {
      // A gap of a byte or more spans the edge of a character: there any four may be put in.
      if (!isRepeated && this.#bits.length === 0) {
        this.#pattern += `(?:${any}{4})*`;
        isRepeated = true;
      }
      this.#push(undefined);
    }
    if (!isRepeated) this.#pattern += `(?:${any}{4})*`;
  }

  /** After the last part may come anything. */
  endOpen(): string {
    while (this.#bits.length > 0) this.#push(undefined);
    return `${this.#pattern}${any}*={0,2}`;
  }

  end(): string {
    while (this.#bits.length > 0) this.#push(0);
    return this.#pattern + "=".repeat((4 - (this.#chars % 4)) % 4);
  }

  #push(bit: Bit): void {
    this.#bits.push(bit);
    if (this.#bits.length < 6) return;
    this.#pattern += oneOf(this.#bits);
    this.#bits = [];
    this.#chars += 1;
  }
}

function oneOf(bits: readonly Bit[]): string {
  const fits = [...alphabet].filter((_, code) =>
    bits.every((bit, index) => bit === undefined || bit === ((code >> (5 - index)) & 1)),
  );
  if (fits.length === alphabet.length) return any;
  const chars = fits.join("");
  if (fits.length > 1) return `[${chars}]`;
  return chars === "+" ? "\\+" : chars;
}
