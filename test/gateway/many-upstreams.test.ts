/** A merged server with more upstreams than listeners that Node expects on one signal. */
import { startGateway } from "@lutra/gateway";
import { createClient } from "lutra/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ask } from "../cli/http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

let upstream: RecordingUpstream;
const warnings: string[] = [];
const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
beforeEach(async () => {
  upstream = await startRecordingUpstream("a");
  process.on("warning", onWarning);
});
afterEach(async () => {
  process.off("warning", onWarning);
  await upstream.close();
});

it("prints no warning of Node for lists, calls and subscriptions over 24 upstreams", async () => {
  const names = Array.from({ length: 24 }, (_, index) => `u${index}`);
  const gateway = await startGateway(
    {
      listen: { port: 0 },
      admin: false,
      log: false,
      upstreams: Object.fromEntries(names.map((name) => [name, { url: upstream.url }])),
    },
    { notice: () => {} },
  );
  await gateway.ready();
  const client = createClient(gateway.url);
  const subscription = await client.listen({ toolsListChanged: true }, { relisten: "never" });
  for (const method of ["tools/list", "server/discover"]) {
    expect((await ask(gateway.url, method)).status).toBe(200);
  }
  upstream.changeTools();
  expect((await subscription[Symbol.asyncIterator]().next()).done).toBe(false);
  await client.close();
  await gateway.close();
  // Node emits warnings in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
