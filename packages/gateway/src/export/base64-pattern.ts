/**
 * Regular expressions that match a pattern in Base64 text. They are for proxies, which can't decode
 * a header before they compare it.
 *
 * Base64 encodes three bytes as four characters. The text in place of a `*` has any length, so the
 * bytes after it can begin at any of the three positions in such a group. Each combination of
 * lengths becomes one alternative of the expression. Within an alternative every bit is either fixed
 * or free, and each character becomes the class of the Base64 digits that have the fixed bits.
 *
 * The result is safe to rely on because:
 * - For any text, it matches the Base64 encoding exactly if the pattern matches the text. Property
 *   tests in `header-pattern.test.ts` ("matches exactly the texts that the pattern matches", "matches
 *   every text that is built from the pattern") compare both on random patterns and texts.
 * - The proxies agree: `test/gateway/export.test.ts` sends encoded names through nginx and HAProxy.
 * - It contains no text of the configuration, only Base64 digits, classes, groups and repetitions, so
 *   it can't break out of its quotes. `export-config.test.ts` checks that with hostile texts.
 * - Its repetitions are unambiguous and it has at most `maxStars` gaps, so its worst case is the square
 *   of the length of a header.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */

/**
 * Maximum number of stars before the end of a pattern. Each one multiplies the alternatives by four
 * and makes a proxy search the whole header, so two cost at most the square of its length.
 */
const maxStars = 2;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const any = "[A-Za-z0-9+/]";

/**
 * Returns a regular expression, without anchors, that matches the Base64 encoding of every UTF-8 text
 * that consists of `parts` with any text between them.
 *
 * @throws {TypeError} for more than `maxStars` stars before the end
 */
export function base64Pattern(parts: readonly string[]): string {
  const bytes = parts.map((part) => new TextEncoder().encode(part));
  const isOpen = parts.length > 1 && parts.at(-1) === "";
  const gaps = isOpen ? parts.length - 2 : parts.length - 1;
  if (gaps > maxStars)
    throw new TypeError(`expected at most ${maxStars} stars before the end of the pattern`);
  const alternatives = Array.from({ length: 4 ** gaps }, (_, gapLengths) =>
    alternative(bytes, isOpen, gapLengths),
  );
  return alternatives.length === 1 ? `${alternatives[0]}` : `(?:${alternatives.join("|")})`;
}

/**
 * Writes one alternative. `gapLengths` holds two bits per gap: 0 for an empty gap, else the number of
 * bytes, from 1 to 3, that the gap has in addition to a multiple of 3.
 */
function alternative(parts: readonly Uint8Array[], isOpen: boolean, gapLengths: number): string {
  const closed = isOpen ? parts.slice(0, -1) : parts;
  const writer = new PatternWriter();
  for (const [index, part] of closed.entries()) {
    if (index > 0) writer.gap((gapLengths >> (2 * (index - 1))) & 3);
    writer.literal(part);
  }
  return isOpen ? writer.endOpen() : writer.end();
}

type Bit = 0 | 1 | undefined;

/** Writes bits as classes of Base64 digits, six bits per digit. An `undefined` bit is free. */
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
      // A gap of a byte or more crosses a boundary between digits; groups of four may repeat there.
      if (!isRepeated && this.#bits.length === 0) {
        this.#pattern += `(?:${any}{4})*`;
        isRepeated = true;
      }
      this.#push(undefined);
    }
    if (!isRepeated) this.#pattern += `(?:${any}{4})*`;
  }

  /** Ends a pattern whose last part may be followed by any text. */
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
