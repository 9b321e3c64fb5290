import assert from "node:assert/strict";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import { isTransportError } from "../../../packages/lutra/src/protocol/transport-error.ts";
import { ResponseReader } from "../../../packages/lutra/src/transport/http/client-response.ts";
import type { Target } from "../target.ts";

const source = { address: "http://a/mcp", maxResponseBytes: 4096, maxResponseValues: 500 };

export const httpResponse: Target = {
  kind: "bytes",
  name: "http-response",
  title:
    "responses to a client: the same outcome however they are split, and only documented errors",
  dictionary: [
    '{"jsonrpc":"2.0","id":1,',
    '"result":{}}',
    '"error":{"code":-32602,"message":"m"}}',
    "data: ",
    "\n\n",
  ],
  check: async (input) => {
    for (const type of ["application/json", "text/event-stream"]) {
      for (const status of [200, 400]) {
        const whole = await outcomeOf(input, { type, status, size: input.length || 1 });
        assert.deepEqual(await outcomeOf(input, { type, status, size: 3 }), whole);
      }
    }
  },
};

interface Head {
  readonly type: string;
  readonly status: number;
  readonly size: number;
}

async function outcomeOf(input: Uint8Array, { type, status, size }: Head): Promise<unknown> {
  const notified: unknown[] = [];
  const reader = new ResponseReader(1, (message) => void notified.push(message), source);
  try {
    reader.start(status, (name) => (name === "content-type" ? type : undefined));
    for (let at = 0; at < input.length; at += size)
      await reader.read(input.subarray(at, at + size));
    return { notified, result: reader.end() };
  } catch (error) {
    assert.ok(isTransportError(error) || isProtocolError(error), String(error));
    return { notified, error: error.message };
  }
}
