import assert from "node:assert/strict";
import { modernEvent, modernResponse } from "../../../packages/gateway/src/bridge/passed-bytes.ts";
import { decodeJSON } from "../../../packages/lutra/src/protocol/json-text.ts";
import { createEventReader } from "../../../packages/lutra/src/transport/http/read-events.ts";
import type { Target } from "../target.ts";

const ids = { own: 7, sent: '"\u00e4\\n"' };
const limit = 1_000_000;

export const passedResponse: Target = {
  kind: "bytes",
  name: "passed-response",
  title:
    "responses of earlier revisions that are passed on unparsed: the same as if they were parsed",
  dictionary: [
    ...[
      "data:",
      "data: ",
      "event: message\n",
      "id: 1\n",
      "retry: 1\n",
      ":",
      "\n",
      "\r",
      "\r\n",
      "\n\n",
    ],
    ...['{"jsonrpc":"2.0",', '"id":7', '"id":7.0', '"result":{}', '"error":{}', '"resultType":1'],
    ...['"isError":true', "\\u0022", "\\u0069", "\u00a0", "\u000b", "\u000c", "\u2028", "\ufeff"],
  ],
  check: (input) => {
    const text = Buffer.from(input).toString("latin1");
    const event = modernEvent(text, ids);
    if (event !== undefined) assert.deepEqual(messageIn(event), modern(eventsIn(input)));
    const response = modernResponse(text, ids);
    if (response !== undefined) assert.deepEqual(messageIn(response), modern([parse(input)]));
  },
};

/** Returns the message of a response in Latin-1. */
function messageIn(text: string): unknown {
  return parse(Buffer.from(text, "latin1"));
}

function parse(bytes: Uint8Array): unknown {
  return decodeJSON(new TextDecoder("utf-8", { fatal: true }).decode(bytes), limit, "limit").value;
}

/** Returns the messages of an event stream, as a session reads them. */
function eventsIn(input: Uint8Array): readonly unknown[] {
  const messages: unknown[] = [];
  const onData = (data: string) => messages.push(decodeJSON(data, limit, "limit").value);
  createEventReader(onData, limit).read(input);
  return messages;
}

/** Returns the response for the client to one that is its only message, and is a result without a type. */
function modern(messages: readonly unknown[]): unknown {
  assert.equal(messages.length, 1);
  const { jsonrpc, id, result, error } = messages[0] as { readonly [name: string]: unknown };
  assert.deepEqual({ jsonrpc, id, error }, { jsonrpc: "2.0", id: ids.own, error: undefined });
  assert.ok(typeof result === "object" && result !== null && !Array.isArray(result));
  assert.ok(!("resultType" in result) && Reflect.get(result, "isError") !== true);
  const whole = { resultType: "complete", ...result };
  return { jsonrpc: "2.0", id: JSON.parse(ids.sent), result: whole };
}
