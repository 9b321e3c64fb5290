/** Number of pieces that are joined. Each takes up to forty bytes besides its text. */
const maxPieces = 1024;

/** Text that arrives in pieces. Its memory follows its length, and not the number of pieces. */
export class PiecedText {
  /** The number of characters. */
  length = 0;
  #joined: string[] = [];
  #pieces: string[] = [];

  push(piece: string): void {
    this.length += piece.length;
    if (this.#pieces.push(piece) < maxPieces) return;
    this.#joined.push(this.#pieces.join(""));
    this.#pieces = [];
  }

  /** Adds the last piece, removes the text and returns it. */
  takeWith(piece: string): string {
    this.push(piece);
    return this.take();
  }

  /** Removes the text and returns it. */
  take(): string {
    const [first = ""] = this.#pieces;
    const isWhole = first.length === this.length;
    const text = isWhole ? first : this.#joined.join("") + this.#pieces.join("");
    this.length = 0;
    this.#joined = [];
    this.#pieces = [];
    return text;
  }
}
