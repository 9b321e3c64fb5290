/**
 * The head of a response, and the framing of its body.
 *
 * @see RFC 9112, sections 4 and 6.3
 */
import { type Fields, malformedResponse, readFields, remembered } from "./fields.ts";

/** The end of a body: after a number of bytes, after the last chunk, or with the connection. */
type Framing = number | "chunked" | "until-close";

export interface ResponseHead {
  readonly status: number;
  /** Names and values in turn, as they were received. */
  readonly raw: readonly string[];
  readonly framing: Framing;
  /** True if the server keeps the connection open after the response. */
  readonly isPersistent: boolean;
  /** The time for which the server keeps an idle connection, in milliseconds, if it names one. */
  readonly keepAliveMs: number | undefined;
}

/** The fields that determine the framing. */
interface Framed {
  length: string | undefined;
  coding: string | undefined;
  /** The values of `Connection`, joined with commas. */
  connection: string | undefined;
  keepAlive: string | undefined;
}

/** A status line without its CRLF. The reason may be empty. */
const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** A field that frames the body, with a tab, which some readers take for a part of the value. */
const framedWithTab = /\n(?:content-length|transfer-encoding):[^\r\n]*\t/i;
/** A length that is exact as a number. */
const digits = /^[0-9]{1,15}$/;

/**
 * Parses a head.
 *
 * @param text - the head in Latin-1, with the CRLF of its last field and without the empty line
 * @param isBodiless - true for the response to HEAD
 * @throws {errors.HTTPParserError} for a head that is malformed, or whose framing is ambiguous
 */
export function parseResponseHead(text: string, isBodiless: boolean): ResponseHead {
  const end = text.indexOf("\r\n");
  const line = readStatusLine(text.slice(0, end));
  if (line === undefined) throw malformedResponse("an invalid status line");
  if (text.includes("\t") && framedWithTab.test(text)) {
    throw malformedResponse("a tab beside a length or a transfer coding");
  }
  const { status, isCurrent } = line;
  const fields = readFields(text, end + 2);
  const framed = framedBy(fields);
  const declared = framingOf(framed, isCurrent);
  const isEmpty = isBodiless || hasNoBody(status);
  // A server may send a body that it declares by mistake, which would precede its next response.
  const isClear = !isEmpty || declared === 0 || declared === "until-close";
  const isPersistent = isClear && isKept(framed.connection, isCurrent);
  if (status < 200 && !isPersistent) {
    throw malformedResponse("an interim response with a body, or before the end of its connection");
  }
  return {
    status,
    raw: fields.raw,
    framing: isEmpty ? 0 : declared,
    isPersistent,
    keepAliveMs: framed.keepAlive === undefined ? undefined : keepAliveIn(framed.keepAlive),
  };
}

/** A status line that was parsed. */
interface StatusLine {
  readonly status: number;
  /** True for HTTP/1.1, and false for HTTP/1.0. */
  readonly isCurrent: boolean;
}

const readStatusLine = remembered((text): StatusLine | undefined => {
  const line = statusLine.exec(text);
  return line === null ? undefined : { status: Number(line[2]), isCurrent: line[1] === "1" };
});

function framedBy({ raw, names }: Fields): Framed {
  const framed: Framed = {
    length: undefined,
    coding: undefined,
    connection: undefined,
    keepAlive: undefined,
  };
  for (let index = 0; index < names.length; index += 1) {
    const value = raw[2 * index + 1] as string;
    switch (names[index]) {
      case "content-length":
        if (framed.length !== undefined) throw malformedResponse("a second Content-Length");
        framed.length = value;
        break;
      case "transfer-encoding":
        if (framed.coding !== undefined) throw malformedResponse("a second Transfer-Encoding");
        framed.coding = value;
        break;
      case "connection":
        framed.connection =
          framed.connection === undefined ? value : `${framed.connection},${value}`;
        break;
      case "keep-alive":
        framed.keepAlive = value;
    }
  }
  return framed;
}

/** Returns the framing that the fields declare, also for a response that has no body. */
function framingOf({ length, coding }: Framed, isCurrent: boolean): Framing {
  if (length !== undefined && !digits.test(length)) {
    throw malformedResponse("an invalid Content-Length");
  }
  if (coding !== undefined) {
    if (length !== undefined) throw malformedResponse("Content-Length with Transfer-Encoding");
    if (!isCurrent || coding.toLowerCase() !== "chunked") {
      throw malformedResponse("a Transfer-Encoding other than chunked");
    }
  }
  if (coding !== undefined) return "chunked";
  return length === undefined ? "until-close" : Number(length);
}

function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** The options of `Connection` that decide about the connection. */
interface ConnectionOptions {
  readonly closes: boolean;
  readonly keepsAlive: boolean;
}

const readConnection = remembered((value): ConnectionOptions => {
  const options = value.split(",").map((option) => option.trim().toLowerCase());
  return { closes: options.includes("close"), keepsAlive: options.includes("keep-alive") };
});

function isKept(connection: string | undefined, isCurrent: boolean): boolean {
  const options = connection === undefined ? undefined : readConnection(connection);
  if (options === undefined) return isCurrent;
  return !options.closes && (isCurrent || options.keepsAlive);
}

const keepAliveIn = remembered((value) => {
  const seconds = /(?:^|[\s,;])timeout\s*=\s*([0-9]{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
});
