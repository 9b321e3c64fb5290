/** Reads a response from the bytes of a connection, however they are split. */
import { errors } from "undici";
import { ChunkData } from "./chunk-data.ts";
import { ChunkedBody } from "./chunked-body.ts";
import { malformedResponse } from "./fields.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** The receiver of a response. It may stop the reader, or pause it by returning false. */
export interface ResponseSink {
  readonly onHead: (head: ResponseHead) => boolean;
  /** Called with a part of the body, which is a copy. */
  readonly onBody: (chunk: Buffer) => boolean;
}

/** Maximum size of a head, in bytes. */
const maxHeadBytes = 16_384;
/** Maximum number of interim responses before the final one. */
const maxInterim = 16;
const begin = "HTTP/1.";
const emptyLine = "\r\n\r\n";
/** CR or LF that are not a pair. A CR at the end may get its LF later. */
const unpaired = /[^\r]\n|\r[^\n]/;

export class ResponseReader {
  /** True when the response is complete, or is no longer read. */
  isOver = false;
  isPaused = false;
  head: ResponseHead | undefined;
  readonly #sink: ResponseSink;
  readonly #isBodiless: boolean;
  /** The beginning of a head. */
  #text = "";
  /** The rest of a body with a length. */
  #left = 0;
  #chunked: ChunkedBody | undefined;
  #interim = 0;

  /** @param isBodiless - true for the response to HEAD */
  constructor(sink: ResponseSink, isBodiless: boolean) {
    this.#sink = sink;
    this.#isBodiless = isBodiless;
  }

  /**
   * Reads bytes until the response is complete or paused. Returns the position after the last byte read.
   *
   * @throws {errors.HTTPParserError} for bytes that are not HTTP/1.1
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && !this.isOver && !this.isPaused) {
      at =
        this.head === undefined ? this.#readHead(bytes, at, end) : this.#readBody(bytes, at, end);
    }
    return at;
  }

  /** Takes the end of the connection. Returns true if it is that of the response. */
  finish(): boolean {
    if (this.head?.framing !== "until-close" || this.isOver) return false;
    this.isOver = true;
    return true;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const before = this.#text.length;
    const text =
      this.#text +
      bytes.toString("latin1", start, Math.min(end, start + maxHeadBytes + 4 - before));
    const length = text.indexOf(emptyLine, Math.max(0, before - 3));
    if (length < 0 || length > maxHeadBytes) {
      this.#keepHead(text, before);
      return end;
    }
    this.#text = "";
    this.#startBody(parseResponseHead(text.slice(0, length + 2), this.#isBodiless));
    return start + length + emptyLine.length - before;
  }

  /** Keeps an incomplete head. Refuses it as soon as it can't become valid. */
  #keepHead(text: string, before: number): void {
    const isHTTP = text.length < begin.length ? begin.startsWith(text) : text.startsWith(begin);
    if (!isHTTP) throw malformedResponse("another protocol");
    if (unpaired.test(text.slice(Math.max(0, before - 1)))) {
      throw malformedResponse("CR or LF on its own");
    }
    if (text.length > maxHeadBytes) throw new errors.HeadersOverflowError();
    this.#text = text;
  }

  #startBody(head: ResponseHead): void {
    const { status, framing } = head;
    if (status < 200) {
      // The request asks neither for 100 nor for another protocol.
      if (status <= 101) throw new errors.SocketError("bad response");
      this.#interim += 1;
      if (this.#interim > maxInterim) throw malformedResponse("too many interim responses");
      return;
    }
    this.head = head;
    if (framing === "chunked") this.#chunked = new ChunkedBody();
    else if (framing !== "until-close") this.#left = framing;
    if (framing === 0) this.isOver = true;
    this.isPaused = !this.#sink.onHead(head);
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    if (this.#chunked !== undefined) return this.#readChunked(this.#chunked, bytes, [start, end]);
    const isMeasured = this.head?.framing !== "until-close";
    const to = isMeasured ? Math.min(end, start + this.#left) : end;
    if (isMeasured) {
      this.#left -= to - start;
      this.isOver = this.#left === 0;
    }
    // The buffer is used for the next bytes of all connections.
    this.#pass(Buffer.from(bytes.subarray(start, to)));
    return to;
  }

  /** Passes on the data of all chunks in the bytes as one part, however small the chunks are. */
  #readChunked(body: ChunkedBody, bytes: Buffer, [start, end]: readonly [number, number]): number {
    const data = new ChunkData(bytes, end);
    let at = start;
    try {
      while (at < end && !body.isOver) {
        at = body.next(bytes, at, end);
        if (body.to > body.from) data.add(body.from, body.to);
      }
    } finally {
      this.isOver = body.isOver;
      const chunk = data.take();
      if (chunk !== undefined) this.#pass(chunk);
    }
    return at;
  }

  #pass(chunk: Buffer): void {
    if (!this.#sink.onBody(chunk)) this.isPaused = true;
  }
}
