import { ByteBuffer } from "./byte-buffer.ts";
import { PiecedText } from "./pieced-text.ts";

/** Size of the bytes that are decoded before the end of the message. */
const blockBytes = 32 * 1024;

const strict = { fatal: true };
const wholeDecoder = new TextDecoder("utf-8", strict);

/**
 * The text of a message that arrives in chunks of UTF-8. Long text is decoded as it arrives, so that
 * its end does not cause a long pause.
 */
export class TextBuffer {
  /** The number of bytes. */
  length = 0;
  readonly #bytes = new ByteBuffer();
  readonly #text = new PiecedText();
  #decoder: TextDecoder | undefined;

  /**
   * Adds a chunk, whose bytes must not change.
   *
   * @throws {TypeError} when the bytes so far are not UTF-8
   */
  append(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.#bytes.length >= blockBytes) this.#decode();
    this.#bytes.append(chunk);
  }

  /**
   * Removes the text and returns it.
   *
   * @throws {TypeError} when the bytes are not UTF-8
   */
  take(): string {
    const rest = this.#bytes.bytes();
    // A decoder of whole messages is faster.
    const text =
      this.#decoder === undefined
        ? wholeDecoder.decode(rest)
        : this.#text.takeWith(this.#decoder.decode(rest));
    this.#bytes.clear();
    this.#decoder = undefined;
    this.length = 0;
    return text;
  }

  #decode(): void {
    this.#decoder ??= new TextDecoder("utf-8", strict);
    this.#text.push(this.#decoder.decode(this.#bytes.bytes(), { stream: true }));
    this.#bytes.clear();
  }
}
