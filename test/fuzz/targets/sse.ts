import assert from "node:assert/strict";
import { isTransportError } from "../../../packages/lutra/src/protocol/transport-error.ts";
import { createEventReader } from "../../../packages/lutra/src/transport/http/read-events.ts";
import { Random } from "../random.ts";
import type { Target } from "../target.ts";

const maxEventLength = 1000;

export const sse: Target = {
  kind: "bytes",
  name: "sse",
  title:
    "event streams: the same events however the bytes are split, as the simple algorithm gives",
  dictionary: [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "data:",
    "data: ",
    "event:",
    "event: message\n",
    ":",
    "\ufeff",
  ],
  check: (input) => {
    const whole = eventsOf([input]);
    const random = new Random(input.length);
    for (const size of [1, 2 + random.below(16)])
      assert.deepEqual(eventsOf(pieces(input, size)), whole);
    if (!whole.isRefused) assert.deepEqual(whole.events, simpleEvents(input));
    assert.ok(whole.events.every((event) => event.length <= maxEventLength));
  },
};

interface Read {
  readonly events: readonly string[];
  readonly isRefused: boolean;
}

function eventsOf(chunks: readonly Uint8Array[]): Read {
  const events: string[] = [];
  const reader = createEventReader((data) => events.push(data), maxEventLength);
  try {
    for (const chunk of chunks) reader.read(chunk);
    return { events, isRefused: false };
  } catch (thrown) {
    assert.ok(isTransportError(thrown) && thrown.reason === "malformed", String(thrown));
    return { events, isRefused: true };
  }
}

function pieces(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

/** Interprets a whole stream line by line, as the HTML standard describes it. */
function simpleEvents(input: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(input, { stream: true });
  const events: string[] = [];
  let data: string[] = [];
  let type = "";
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line === "") {
      const joined = data.join("\n");
      if (joined !== "" && (type === "" || type === "message")) events.push(joined);
      data = [];
      type = "";
      continue;
    }
    const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    if (name === "event") type = value;
  }
  return events;
}
