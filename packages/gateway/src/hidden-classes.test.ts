/**
 * The objects that are made for each merged call. If V8 makes a hidden class for each of them, it keeps
 * the class, and all that the call has left behind, until the next full garbage collection.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { expect, it } from "vitest";
import type { Spliced, SplicedAttempt } from "./delivery/deliver-spliced.ts";
import { type RenamedOptions, renamedRoute } from "./delivery/renamed-attempt.ts";
import { createRecord } from "./exchange-record.ts";
import { noHead } from "./head/head.ts";
import type { Replica } from "./replicas/replica.ts";
import { serveSpliced } from "./serve-spliced.ts";

setFlagsFromString("--allow-natives-syntax");
const haveSameClass = new Function("a", "b", "return %HaveSameMap(a, b)");

/** More than the calls after which V8 compiles a function. */
const calls = 2000;

const params = {
  name: "first.add",
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};
const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
const body = Buffer.from(JSON.stringify(message));
const head = { ...noHead, method: message.method, name: params.name, headers: ["accept", "*/*"] };

/** Returns the request that is sent to the upstream for a call. */
function splicedCall(): Promise<Spliced> {
  return new Promise((send) => {
    const req = { complete: true, read: () => body } as unknown as IncomingMessage;
    serveSpliced({
      req,
      res: {} as ServerResponse,
      record: Object.assign(createRecord(), { head }),
      header: () => undefined,
      cors: {},
      principal: undefined,
      splice: { send },
      serve: async () => {},
    });
  });
}

function attemptOf(spliced: Spliced): SplicedAttempt | undefined {
  const options = { upstream: "first", requestHeaders: (headers) => headers } as RenamedOptions;
  const replica = { path: "/mcp" } as Replica;
  return renamedRoute(options)(spliced).start(replica, () => {});
}

it("merged calls and their attempts each have one hidden class", async () => {
  for (let call = 0; call < calls; call += 1) attemptOf(await splicedCall());
  const [one, other] = [await splicedCall(), await splicedCall()];
  expect(haveSameClass(one, other)).toBe(true);
  expect(haveSameClass(attemptOf(one), attemptOf(other))).toBe(true);
});
