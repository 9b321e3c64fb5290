import assert from "node:assert/strict";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import { parseRetryAfter } from "../../../packages/lutra/src/time/retry-after.ts";
import { decodeUTF8 } from "../../../packages/lutra/src/transport/http/read-message.ts";
import { orRefused, type Target } from "../target.ts";

const dayMs = 86_400_000;

export const retryAfter: Target = {
  kind: "bytes",
  name: "retry-after",
  title: "Retry-After and UTF-8: a bounded time or none; text only from bytes that encode it",
  dictionary: ["120", "Fri, 31 Dec 2027 23:59:59 GMT", " ", "-", "1e5", "Infinity"],
  check: (input) => {
    const text = orRefused(() => decodeUTF8(input), isProtocolError);
    if (text === undefined) return;
    assert.deepEqual(Buffer.from(text, "utf8"), Buffer.from(input));
    const ms = parseRetryAfter(text, { now: Date.UTC(2026, 6, 28) });
    assert.ok(ms === undefined || (ms >= 0 && ms <= dayMs));
  },
};
