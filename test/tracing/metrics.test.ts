/** The metrics of `lutra serve` and `lutra up`, as a collector receives them. */
import { createClient } from "lutra/client";
import { expect, it, onTestFinished } from "vitest";
import { endLutra, startLutra } from "../cli/run-lutra.ts";
import { compiled } from "../compiled.ts";
import { type OtlpReceiver, startReceiver } from "./otlp-receiver.ts";

const server = compiled(new URL("fixtures/traced-server.ts", import.meta.url));
const duration = "mcp.server.operation.duration";

async function receiver(): Promise<OtlpReceiver> {
  const started = await startReceiver();
  onTestFinished(started.close);
  return started;
}

/** The calls of tools among the durations, from all processes. */
function callsAt({ series }: OtlpReceiver) {
  return series(duration).filter(
    ({ attributes }) => attributes["mcp.method.name"] === "tools/call",
  );
}

const countOf = (series: ReturnType<typeof callsAt>) =>
  series.reduce((total, { value }) => total + value, 0);

it("exports the durations of lutra serve by tool, protocol version and error", async () => {
  const collector = await receiver();
  const lutra = await startLutra("serve", server, collector.env);
  const client = createClient(lutra.url);
  await client.callTool("add", { a: 1, b: 2 });
  await client.callTool("add", { a: 1, b: 2 });
  await client.callTool("unknown").catch(() => {});
  await client.close();
  await expect.poll(() => countOf(callsAt(collector)), { timeout: 30_000 }).toBe(3);
  await endLutra(lutra);
  const common = {
    "mcp.method.name": "tools/call",
    "mcp.protocol.version": "2026-07-28",
    "gen_ai.operation.name": "execute_tool",
    "network.transport": "tcp",
  };
  expect(callsAt(collector)).toHaveLength(2);
  expect(callsAt(collector)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        service: "traced-fixture",
        pid: lutra.child.pid,
        attributes: { ...common, "gen_ai.tool.name": "add" },
        value: 2,
      }),
      expect.objectContaining({
        attributes: { ...common, "error.type": "-32602", "rpc.response.status_code": "-32602" },
        value: 1,
      }),
    ]),
  );
});

it("exports while the command runs: open subscriptions", async () => {
  const collector = await receiver();
  const lutra = await startLutra("serve", server, collector.env);
  const client = createClient(lutra.url);
  const subscription = await client.listen({ toolsListChanged: true });
  const open = () => collector.series("lutra.server.subscriptions")[0]?.value;
  await expect.poll(open, { timeout: 30_000 }).toBe(1);
  subscription.close();
  await expect.poll(open, { timeout: 30_000 }).toBe(0);
  await client.close();
  await endLutra(lutra);
});

it("exports the metrics of each replica, and those of the gateway in front of them", async () => {
  const collector = await receiver();
  const lutra = await startLutra("up", server, "--replicas", "2", collector.env);
  const served = () =>
    collector
      .series("lutra.gateway.request.duration")
      .filter(({ attributes }) => attributes["mcp.method.name"] === "tools/call");
  const client = createClient(lutra.url);
  for (let call = 0; call < 8; call += 1) await client.callTool("add", { a: 1, b: call });
  await client.close();
  await expect.poll(() => countOf(callsAt(collector)), { timeout: 30_000 }).toBe(8);
  await endLutra(lutra);
  const added = callsAt(collector);
  expect(new Set(added.map(({ service }) => service))).toEqual(new Set(["traced-fixture"]));
  expect(new Set(added.map(({ pid }) => pid)).size).toBe(2);
  expect(served()).toEqual([
    expect.objectContaining({
      service: "lutra-gateway",
      pid: lutra.child.pid,
      attributes: {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "lutra.gateway.upstream": "fleet",
      },
      value: 8,
    }),
  ]);
});
