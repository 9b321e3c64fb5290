import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { open, startFront, startReplica } from "./fixtures/front.ts";

const message = '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}';
const event = `data: ${message}\n\n`;

/** Starts a replica that compresses if the request accepts it. */
const startCompressing = (type: string, body: string) =>
  startReplica((req, res) => {
    req.resume();
    const isAccepted = req.headers["accept-encoding"]?.includes("gzip") === true;
    const encoding = isAccepted ? { "content-encoding": "gzip", vary: "accept-encoding" } : {};
    res.writeHead(200, { "content-type": type, ...encoding });
    res.end(isAccepted ? gzipSync(body) : body);
  });

describe("compression through the gateway", () => {
  it.each([
    ["JSON", "application/json", message],
    ["an event stream", "text/event-stream", event],
  ])("is between client and replica: %s", async (_what, type, body) => {
    const front = await startFront([(await startCompressing(type, body)).url]);
    for (const accepted of ["gzip, br", "identity"]) {
      const req = open(front, "tools/call", { "accept-encoding": accepted }).end("{}");
      const [res] = (await once(req, "response")) as [IncomingMessage];
      const bytes = await buffer(res);
      const isCompressed = accepted !== "identity";
      expect(res.headers["content-encoding"]).toBe(isCompressed ? "gzip" : undefined);
      expect(String(isCompressed ? gunzipSync(bytes) : bytes)).toBe(body);
    }
  });
});
