/** Calls that wait for input at one of two gateway processes, which share a bus over Redis. */
import type { ConfigInput } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Answer, ask } from "../cli/http.ts";
import { type Http, openSession } from "../legacy/wire.ts";
import {
  hasRedisBinary,
  type RedisServer,
  startRedis,
  withoutRedis,
} from "../stores/redis-server.ts";
import { serveLegacy } from "./fixtures/legacy-server.ts";
import { type RunningGateway, startGatewayCommand } from "./start-gateway.ts";

const skipped = hasRedisBinary ? "" : ` (${withoutRedis})`;
const inputResponses = { "input-1": { action: "accept", content: { name: "Ana" } } };

describe.skipIf(!hasRedisBinary)(`two gateway processes with a bus${skipped}`, () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await startRedis(true);
  });
  afterAll(() => redis?.stop());

  async function startTwo(): Promise<readonly [RunningGateway, RunningGateway]> {
    const legacy = await serveLegacy();
    onTestFinished(legacy.close);
    const config: ConfigInput = {
      listen: { port: 0 },
      admin: false,
      log: false,
      bus: redis.url,
      keys: [{ id: "k", secret: Buffer.alloc(32, 7).toString("base64") }],
      upstreams: { old: { url: legacy.url } },
    };
    return [await startGatewayCommand(config), await startGatewayCommand(config)];
  }

  /** Begins a call that asks its client. Returns the retry with the answers. */
  async function begin({ url }: RunningGateway) {
    const { body } = await ask(url, "tools/call", { name: "ask", arguments: {} });
    expect(body.result).toMatchObject({ resultType: "input_required" });
    const { requestState } = body.result ?? {};
    return ({ url: other }: RunningGateway): Promise<Answer> =>
      ask(other, "tools/call", { name: "ask", arguments: {}, requestState, inputResponses });
  }

  it("continue a call at the process that holds it", async () => {
    const [one, other] = await startTwo();
    const retry = await begin(one);
    const { body } = await retry(other);
    expect(JSON.stringify(body.result?.content)).toContain("accept Ana");
    expect((await retry(one)).body.error?.message).toContain("may have been executed");
  });

  it("say that the call may have been executed when that process has died", async () => {
    const [one, other] = await startTwo();
    const retry = await begin(one);
    one.child.kill("SIGKILL");
    await one.closed;
    const { body } = await retry(other);
    expect(body.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining("may have been executed"),
    });
  });

  it("continue a call at a process that was asked to end, which then ends", async () => {
    const [one, other] = await startTwo();
    const retry = await begin(one);
    one.child.kill("SIGTERM");
    await expect.poll(() => fetch(one.url).catch(() => "closed")).toBe("closed");
    const { body } = await retry(other);
    expect(JSON.stringify(body.result?.content)).toContain("accept Ana");
    expect(await one.exited).toBe(0);
  });

  it("lose no retry while the bus is interrupted", async () => {
    const [one, other] = await startTwo();
    const retry = await begin(one);
    await redis.stop();
    const retried = retry(other);
    await redis.start();
    expect(JSON.stringify((await retried).body.result?.content)).toContain("accept Ana");
  });

  /** Opens a session of 2025-11-25. Requests go to the gateway that is set. */
  async function openLegacy(gateways: readonly RunningGateway[]) {
    const place = { at: 0 };
    const http: Http = (init) => fetch(gateways[place.at]?.url ?? "", init);
    const session = await openSession(http, { capabilities: { elicitation: {} } });
    return { session, place };
  }

  it("lose no answer and no end of a legacy session while the bus is interrupted", async () => {
    const gateways = await startTwo();
    const { session, place } = await openLegacy(gateways);
    const { session: ended } = await openLegacy(gateways);
    const called = session.request("tools/call", { name: "ask", arguments: {} });
    const { id } = await session.first("elicitation/create");
    await redis.stop();
    expect((await ended.delete()).status).toBe(204);
    place.at = 1;
    const result = { action: "accept", content: { name: "Ana" } };
    expect((await session.post({ jsonrpc: "2.0", id, result })).status).toBe(202);
    await redis.start();
    expect(JSON.stringify((await called).result)).toContain("accept Ana");
    const ping = { jsonrpc: "2.0", id: 9, method: "ping" };
    const { headers } = ended;
    const atOther = () =>
      fetch(gateways[1].url, { method: "POST", headers, body: JSON.stringify(ping) });
    await expect.poll(async () => (await atOther()).status, { timeout: 5000 }).toBe(404);
  });
});
