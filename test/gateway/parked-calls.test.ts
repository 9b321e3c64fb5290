/** Calls that wait for input at one of two gateway processes, which share a bus over Redis. */
import type { ConfigInput } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Answer, ask } from "../cli/http.ts";
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

  it("lose no retry while the bus is interrupted", async () => {
    const [one, other] = await startTwo();
    const retry = await begin(one);
    await redis.stop();
    const retried = retry(other);
    await redis.start();
    expect(JSON.stringify((await retried).body.result?.content)).toContain("accept Ana");
  });
});
