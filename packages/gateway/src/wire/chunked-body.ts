/**
 * The chunked coding of a body.
 *
 * @see RFC 9112, section 7.1
 */
import { errors } from "undici";
import { malformedResponse, readFields } from "./fields.ts";

/** Maximum size of all chunk extensions, and of all trailers, in bytes. */
const maxExtraBytes = 16_384;
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const quoted = String.raw`"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"`;
/** The size of a chunk, and its extensions, which are ignored. */
const sizeLine = new RegExp(`^([0-9A-Fa-f]{1,12})(?:;${token}(?:=(?:${token}|${quoted}))?)*$`);
const lf = 0x0a;

/** The parts of a chunked body: the line with a size, its data, the CRLF after it, and the trailers. */
type Part = "size" | "data" | "data-end" | "trailers";

/** Decodes a body of which any number of bytes may arrive at once. Trailers are dropped. */
export class ChunkedBody {
  #part: Part = "size";
  /** The beginning of a line that has not ended. */
  #line = "";
  #trailers = "";
  #extraBytes = 0;
  /** The rest of the current chunk, in bytes. */
  #left = 0;
  /** True when the body has ended. */
  isOver = false;

  /**
   * Consumes bytes up to the end of a piece of data, or up to `end`. Returns the position after them; the
   * data are in `from` and `to`, and are empty if these are equal.
   *
   * @throws {errors.HTTPParserError} for a malformed body
   */
  next(bytes: Buffer, start: number, end: number): number {
    this.from = this.to = 0;
    let at = start;
    while (at < end && !this.isOver) {
      if (this.#part === "data") return this.#takeData(at, end);
      at = this.#takeLine(bytes, at, end);
    }
    return at;
  }

  from = 0;
  to = 0;

  #takeData(start: number, end: number): number {
    const length = Math.min(this.#left, end - start);
    this.#left -= length;
    this.from = start;
    this.to = start + length;
    if (this.#left === 0) this.#part = "data-end";
    return this.to;
  }

  #takeLine(bytes: Buffer, start: number, end: number): number {
    const found = bytes.indexOf(lf, start);
    const to = found < 0 || found >= end ? end : found + 1;
    this.#line += bytes.toString("latin1", start, to);
    if (this.#line.length > maxExtraBytes) throw new errors.HeadersOverflowError();
    if (to === end && (found < 0 || found >= end)) return to;
    const line = this.#line;
    this.#line = "";
    if (!line.endsWith("\r\n")) throw malformedResponse("a line without CR in a chunked body");
    this.#endLine(line.slice(0, -2));
    return to;
  }

  #endLine(line: string): void {
    if (this.#part === "data-end") {
      if (line !== "") throw malformedResponse("a chunk longer than its size");
      this.#part = "size";
    } else if (this.#part === "size") this.#startChunk(line);
    else if (line === "") this.#end();
    else {
      this.#count(line.length + 2);
      this.#trailers += `${line}\r\n`;
    }
  }

  #startChunk(line: string): void {
    const size = sizeLine.exec(line)?.[1];
    if (size === undefined) throw malformedResponse("an invalid chunk size");
    this.#count(line.length - size.length);
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "data";
  }

  #end(): void {
    readFields(this.#trailers, 0);
    this.isOver = true;
  }

  #count(bytes: number): void {
    this.#extraBytes += bytes;
    if (this.#extraBytes > maxExtraBytes) throw new errors.HeadersOverflowError();
  }
}
