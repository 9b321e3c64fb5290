/**
 * The head of a response, and the framing of its body.
 *
 * @see RFC 9112, sections 4 and 6.3
 */
import { malformedResponse, readFields } from "./fields.ts";

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
  connection: string;
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
  const line = statusLine.exec(text.slice(0, end));
  if (line === null) throw malformedResponse("an invalid status line");
  if (text.includes("\t") && framedWithTab.test(text)) {
    throw malformedResponse("a tab beside a length or a transfer coding");
  }
  const isCurrent = line[1] === "1";
  const status = Number(line[2]);
  const raw: string[] = [];
  const framed: Framed = {
    length: undefined,
    coding: undefined,
    connection: "",
    keepAlive: undefined,
  };
  readFields(text, end + 2, (name, value, lower) => {
    raw.push(name, value);
    readFraming(framed, lower, value);
  });
  const { connection, keepAlive } = framed;
  const declared = framingOf(framed, isCurrent);
  const isEmpty = isBodiless || hasNoBody(status);
  // A server may send a body that it declares by mistake, which would precede its next response.
  const isClear = !isEmpty || declared === 0 || declared === "until-close";
  const isPersistent = isClear && isKept(connection, isCurrent);
  if (status < 200 && !isPersistent) {
    throw malformedResponse("an interim response with a body, or before the end of its connection");
  }
  return {
    status,
    raw,
    framing: isEmpty ? 0 : declared,
    isPersistent,
    keepAliveMs: keepAlive === undefined ? undefined : keepAliveOf(keepAlive),
  };
}

function readFraming(framed: Framed, lower: string, value: string): void {
  switch (lower) {
    case "content-length":
      if (framed.length !== undefined) throw malformedResponse("a second Content-Length");
      framed.length = value;
      return;
    case "transfer-encoding":
      if (framed.coding !== undefined) throw malformedResponse("a second Transfer-Encoding");
      framed.coding = value;
      return;
    case "connection":
      framed.connection += `${value.toLowerCase()},`;
      return;
    case "keep-alive":
      framed.keepAlive = value;
  }
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

function isKept(connection: string, isCurrent: boolean): boolean {
  if (connection === "") return isCurrent;
  const options = connection.split(",").map((option) => option.trim());
  return !options.includes("close") && (isCurrent || options.includes("keep-alive"));
}

function keepAliveOf(value: string): number | undefined {
  const seconds = /(?:^|[\s,;])timeout\s*=\s*([0-9]{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
