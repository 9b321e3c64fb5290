/**
 * The head of a request.
 *
 * @see RFC 9112, sections 3 and 6
 */
import { errors } from "undici";
import { isFieldValue, lowerCaseName } from "./fields.ts";
import type { WireRequest } from "./handler.ts";

/** A head without the fields that frame the body. */
export interface RequestHead {
  /** The request line and the fields, with a CRLF at the end of each. */
  readonly text: string;
  /** The length of the body by `Content-Length`, if the headers contain it. */
  readonly length: number | undefined;
  /** True if a server expects a length even if there is no body. */
  readonly isMeasured: boolean;
  /** True if the connection is to be closed after the response. */
  readonly isLast: boolean;
}

const illegalInPath = /[^\x21-\xff]/;
const digits = /^[0-9]{1,15}$/;
/** The methods whose requests usually have a body. */
const withBody: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** The fields that determine how the message is sent. */
interface Sending {
  host: string | undefined;
  length: number | undefined;
  isLast: boolean;
}

/**
 * Encodes a head. Another `Host` replaces that of the connection.
 *
 * @throws {errors.InvalidArgumentError} for a header that can't be sent
 */
export function encodeRequestHead(
  { method, path, headers, body }: WireRequest,
  host: string,
): RequestHead {
  if (lowerCaseName(method) === undefined) throw invalid("request: the method cannot be sent");
  if (!path.startsWith("/") || illegalInPath.test(path))
    throw invalid("request: the path cannot be sent");
  const sending: Sending = { host: undefined, length: undefined, isLast: method === "HEAD" };
  const isMeasured = withBody.has(method);
  if (body !== null && body !== undefined && !isMeasured) sending.isLast = true;
  let fields = "";
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const value = headers[index + 1] as string;
    const lower = lowerCaseName(name);
    if (lower === undefined) throw unsendable(name);
    if (!isFieldValue(value)) throw unsendable(name);
    if (!isOfSending(sending, lower, value)) fields += `${name}: ${value}\r\n`;
  }
  const { length, isLast } = sending;
  const connection = isLast ? "close" : "keep-alive";
  const first = `${method} ${path} HTTP/1.1\r\nhost: ${sending.host ?? host}\r\n`;
  return { text: `${first}connection: ${connection}\r\n${fields}`, length, isMeasured, isLast };
}

/** Reads a field that the head has in another form, or not at all. */
function isOfSending(sending: Sending, lower: string, value: string): boolean {
  switch (lower) {
    case "host":
      if (sending.host !== undefined) throw unsendable(lower);
      sending.host = value;
      return true;
    case "content-length":
      if (sending.length !== undefined || !digits.test(value)) throw unsendable(lower);
      sending.length = Number(value);
      return true;
    case "connection":
      if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) sending.isLast = true;
      return true;
    case "transfer-encoding":
    case "keep-alive":
    case "upgrade":
      throw unsendable(lower);
    case "expect":
      throw new errors.NotSupportedError("expect header not supported");
    default:
      return false;
  }
}

function unsendable(header: string): Error {
  return invalid(`request: the header ${header} cannot be sent`);
}

function invalid(message: string): Error {
  return new errors.InvalidArgumentError(message);
}
