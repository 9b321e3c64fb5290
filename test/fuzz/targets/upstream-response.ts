import assert from "node:assert/strict";
import { errors } from "undici";
import type { ResponseHead } from "../../../packages/gateway/src/wire/response-head.ts";
import {
  ResponseReader,
  type ResponseSink,
} from "../../../packages/gateway/src/wire/response-reader.ts";
import { readWithNode } from "../read-with-node.ts";
import type { Target } from "../target.ts";

/** Maximum number of bytes that a reader may keep: one head, or the trailers and a line. */
const maxKeptBytes = 2 * 16_384 + 1024;
/** Text that never ends what it is a part of, or begins it again and again. */
const floods = ["a", "X: y\r\n", ";a", "HTTP/1.1 103 E\r\n\r\n"];
const floodBytes = 131_072;

export const upstreamResponse: Target = {
  kind: "bytes",
  name: "upstream-response",
  title:
    "responses of upstreams: the same however they are split or paused, as Node reads them or refused, in bounded memory",
  maxMs: 200,
  dictionary: [
    ...["\r\n", "\n", "\r", "\r\n\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "\t", " ", ":", ";", ";a=b"],
    ...[
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.0 200 OK\r\n",
      "HTTP/1.1 103 E\r\n\r\n",
      "204",
      "304",
      "100",
    ],
    ...["Content-Length: 5\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "chunked"],
    ...[
      "Connection: close\r\n",
      "Connection: keep-alive\r\n",
      "Keep-Alive: timeout=5\r\n",
      "X: y\r\n",
    ],
  ],
  check: async (input) => {
    const bytes = Buffer.from(input);
    for (const method of ["POST", "HEAD"] as const) {
      const whole = read(bytes, { method });
      assert.deepEqual(read(bytes, { method, size: 1 }), whole);
      assert.deepEqual(read(bytes, { method, size: 2 + (bytes.length % 17) }), whole);
      assert.deepEqual(read(bytes, { method, size: 5, pauses: true }), whole);
      if (whole.end === "complete") await assertReadByNode(bytes, whole, method);
    }
    for (const flood of floods) assertBounded(bytes, flood);
  },
};

interface Reading {
  readonly end: "complete" | "truncated" | "refused";
  readonly head: ResponseHead | undefined;
  readonly body: string;
  /** The position after the response. */
  readonly at: number | undefined;
}

interface Reader {
  readonly method: "POST" | "HEAD";
  /** The length of the pieces. @default the whole input */
  readonly size?: number;
  /** True to pause after each part. */
  readonly pauses?: boolean;
}

/** Reads a response and then the end of its connection. */
function read(
  bytes: Buffer,
  { method, size = bytes.length || 1, pauses = false }: Reader,
): Reading {
  let body = "";
  const onPart = () => {
    assert.ok(!reader.isPaused, "a part was passed on during a pause");
    // A reader sets this only once it has passed the part on.
    reader.isPaused = pauses;
    return !pauses;
  };
  const onBody = (chunk: Buffer) => {
    assert.ok(chunk.length > 0);
    body += chunk.toString("latin1");
    return onPart();
  };
  const sink: ResponseSink = { onHead: onPart, onBody };
  const reader = new ResponseReader(sink, method === "HEAD");
  let at = 0;
  try {
    while (at < bytes.length && !reader.isOver) {
      reader.isPaused = false;
      at = reader.read(bytes, at, Math.min(bytes.length, at - (at % size) + size));
    }
  } catch (error) {
    assertRefusal(error);
    return { end: "refused", head: reader.head, body, at: undefined };
  }
  const isComplete = reader.isOver || reader.finish();
  return { end: isComplete ? "complete" : "truncated", head: reader.head, body, at };
}

function assertRefusal(error: unknown): void {
  const isBad = error instanceof errors.SocketError && error.message === "bad response";
  const isMalformed = error instanceof errors.HTTPParserError;
  assert.ok(isBad || isMalformed || error instanceof errors.HeadersOverflowError, String(error));
}

/** Compares a reading with that of Node, which gets the bytes of the response alone. */
async function assertReadByNode(bytes: Buffer, own: Reading, method: string): Promise<void> {
  const { status = 0, raw, framing, isPersistent } = own.head ?? {};
  const other = await readWithNode(bytes.subarray(0, own.at), method);
  assert.deepEqual(other && { status: other.status, raw: other.raw, body: other.body }, {
    status,
    raw,
    body: own.body,
  });
  const endsItself = framing !== "until-close";
  assert.equal(other?.endsItself, endsItself);
  if (endsItself && isPersistent && method !== "HEAD") assert.equal(other?.isPersistent, true);
}

/** Floods a reader that has read a part of a response, which must end, refuse or pass on all bytes. */
function assertBounded(bytes: Buffer, flood: string): void {
  let passed = 0;
  const onBody = (chunk: Buffer) => {
    passed += chunk.length;
    return true;
  };
  const reader = new ResponseReader({ onHead: () => true, onBody }, false);
  const more = Buffer.from(flood.repeat(Math.ceil(1024 / flood.length)));
  let taken = 0;
  try {
    reader.read(bytes, 0, bytes.length);
    passed = 0;
    while (taken < floodBytes && !reader.isOver) taken += reader.read(more, 0, more.length);
  } catch (error) {
    assertRefusal(error);
  }
  assert.ok(taken - passed <= maxKeptBytes, `${taken - passed} bytes are kept`);
}
