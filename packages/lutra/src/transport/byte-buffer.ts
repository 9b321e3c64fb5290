/** Maximum size of a buffer that is kept for the next message. */
const keptBytes = 64 * 1024;
const none = new Uint8Array(0);

/**
 * The bytes of a message that arrives in chunks. The first chunk is kept as it is, unless a buffer
 * is left from the message before. From the second chunk on, all are copied into one buffer. So
 * memory depends on the number of bytes and not on the number of chunks: a chunk of one byte
 * occupies several hundred bytes.
 */
export class ByteBuffer {
  #bytes: Uint8Array = none;
  #length = 0;
  /** True when `#bytes` was allocated here, and may be written to. */
  #isOwn = false;

  get length(): number {
    return this.#length;
  }

  /** Adds a chunk, whose bytes must not change. */
  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) this.#grow(chunk, length);
    if (this.#isOwn) this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** Returns all bytes. They are valid until the next call of `append` or `clear`. */
  bytes(): Uint8Array {
    return this.#length === this.#bytes.length
      ? this.#bytes
      : this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#isOwn && this.#bytes.length <= keptBytes) return;
    this.#bytes = none;
    this.#isOwn = false;
  }

  /** Provides room for `length` bytes. The size doubles, so that each byte is copied about twice. */
  #grow(chunk: Uint8Array, length: number): void {
    this.#isOwn = this.#length > 0;
    if (!this.#isOwn) {
      this.#bytes = chunk;
      return;
    }
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, length, 1024));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}
