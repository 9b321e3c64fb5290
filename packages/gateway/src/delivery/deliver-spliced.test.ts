/** Event streams without a message, for requests that were sent before they were read. */
import { once } from "node:events";
import {
  createServer,
  IncomingMessage,
  type ServerResponse as Sent,
  ServerResponse,
} from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { expect, it } from "vitest";
import { createRecord } from "../exchange-record.ts";
import { systemClock } from "../replicas/clock.ts";
import { Replica } from "../replicas/replica.ts";
import { ReplicaHealth } from "../replicas/replica-health.ts";
import { createSplicedDelivery, type Spliced, type SplicedAttempt } from "./deliver-spliced.ts";
import { after, upstreamConfig } from "./fixtures/front.ts";
import { Fleet } from "./fleet.ts";

/** Starts a server that sends the head of a stream, and then does no more than `then`. */
async function startServer(then: (res: Sent) => void): Promise<string> {
  const server = createServer((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    then(res);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function fleetOf(url: string, timeouts: object): Fleet {
  const config = upstreamConfig([url], { timeouts });
  const health = new ReplicaHealth({ config: config.health, now: () => 0, onChange: () => {} });
  const replica = new Replica({ name: "one", url: new URL(url) }, health, { connectMs: 1000 });
  after(() => replica.destroy());
  const replicas = { all: [replica], pick: () => replica, failConnect: () => {} };
  const parts = { name: "test", config, clock: systemClock, replicas };
  return new Fleet({ ...parts, annotations: () => undefined });
}

/** Sends a request. Resolves to the calls of its attempt and of `resume` once the exchange has ended. */
async function send(fleet: Fleet): Promise<readonly string[]> {
  const calls: string[] = [];
  const does = (call: string) => () => void calls.push(call);
  const answer = { result: () => new Promise<never>(() => {}), begin: () => {}, push: () => true };
  const attempt: SplicedAttempt = {
    ...{ path: "/", headers: [], body: Buffer.from("{}") },
    ...{ finalOf: () => undefined, finalEventOf: () => undefined },
    answer: () => ({
      ...{ ...answer, drop: does("drop"), end: does("end of the answer") },
      ...{ break: does("break"), fail: does("fail") },
    }),
    ...{ end: does("end"), cancel: does("cancel") },
  };
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  const parts = { res, record: createRecord(), name: "t", resume: does("resume") };
  createSplicedDelivery(fleet, () => ({ start: () => attempt }))(parts as unknown as Spliced);
  while (fleet.inFlight > 0) await new Promise(setImmediate);
  return calls;
}

it("serves the request with a stream that breaks, which may be resumed", async () => {
  const url = await startServer((res) => setImmediate(() => res.destroy()));
  expect(await send(fleetOf(url, {}))).toEqual(["resume", "break"]);
});

it("resumes a request once if its stream times out", async () => {
  const url = await startServer(() => {});
  const calls = await send(fleetOf(url, { firstByteMs: 50 }));
  expect(calls).toEqual(["resume", "cancel", "end"]);
});
