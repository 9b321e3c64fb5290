/** The data of all chunks in some bytes, in one buffer. */
export class ChunkData {
  readonly #bytes: Buffer;
  readonly #end: number;
  /** A copy of the bytes from the first data on, in which further data are moved behind each other. */
  #copy: Buffer | undefined;
  #first = 0;
  #length = 0;

  /** @param end - the position after the bytes */
  constructor(bytes: Buffer, end: number) {
    this.#bytes = bytes;
    this.#end = end;
  }

  /** Adds the data from one position to another. They are behind those that were added before. */
  add(from: number, to: number): void {
    if (this.#copy === undefined) {
      this.#copy = Buffer.from(this.#bytes.subarray(from, this.#end));
      this.#first = from;
    } else this.#copy.copyWithin(this.#length, from - this.#first, to - this.#first);
    this.#length += to - from;
  }

  /** Returns the data, or undefined if there are none. */
  take(): Buffer | undefined {
    const data = this.#copy?.subarray(0, this.#length);
    const isSparse = data !== undefined && data.length < (this.#copy?.length ?? 0) / 2;
    // The rest of the copy would need memory for as long as the data.
    return isSparse ? Buffer.from(data) : data;
  }
}
