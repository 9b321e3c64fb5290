/** Waiting for the gateway's own tokens in requests that are passed through, and in copies. */
import { once } from "node:events";
import { expect, it, vi } from "vitest";
import { open, startFront, startReplica } from "../delivery/fixtures/front.ts";
import type { OwnToken } from "../delivery/own-token.ts";
import { noHead } from "../head/head.ts";
import { copyWith } from "./carriers.ts";
import type { UpstreamCredentials } from "./upstream-credentials.ts";

const bearer = (accessToken: string): OwnToken => ({
  accessToken,
  headers: () => ["authorization", `Bearer ${accessToken}`],
  seeNonce: () => {},
});

/** Credentials whose second token is the one that `get` resolves to. */
function waiting(get: UpstreamCredentials["get"]): UpstreamCredentials {
  const parts = { keyOf: () => undefined, refused: () => {}, stepUp: () => false };
  return { ...parts, peek: () => bearer("refused"), get };
}

it("ends the wait for another token when its client disconnects", async () => {
  const replica = await startReplica((req, res) => {
    req.resume().on("end", () => res.writeHead(401).end());
  });
  let asked: (signal: AbortSignal | undefined) => void = () => {};
  const waits = new Promise<AbortSignal | undefined>((resolve) => {
    asked = resolve;
  });
  const credentials = waiting((_caller, signal) => {
    asked(signal);
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const front = await startFront([replica.url], {}, { credentials });
  const client = open(front, "tools/call").on("error", () => {});
  client.end("{}");
  const signal = await waits;
  if (signal === undefined) throw new Error("expected a signal");
  const aborted = once(signal, "abort");
  client.destroy();
  await aborted;
  expect(signal.reason).toMatchObject({ reason: "aborted" });
  await vi.waitFor(() => expect(front.records[0]?.reason).toBe("client-gone"));
});

it("drops copies while 64 of them wait for a token", async () => {
  const grant: ((token: OwnToken) => void)[] = [];
  const get = vi.fn(() => new Promise<OwnToken>((resolve) => void grant.push(resolve)));
  const sent: unknown[] = [];
  const copy = copyWith(waiting(get), (_copy, added) => void sent.push(added));
  const one = { head: noHead, body: null, principal: undefined };
  for (let count = 0; count < 100; count += 1) copy(one);
  expect(get).toHaveBeenCalledTimes(64);
  for (const give of grant.splice(0)) give(bearer("t"));
  await vi.waitFor(() => expect(sent).toHaveLength(64));
  expect(sent[0]).toEqual(["authorization", "Bearer t"]);
  copy(one);
  expect(get).toHaveBeenCalledTimes(65);
});
