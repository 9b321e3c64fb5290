/** A configuration that changes while requests are in flight. */
import { basename } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { createClient } from "lutra/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callTool } from "../cli/http.ts";
import { startLoad } from "./load.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { type RunningGateway, startGatewayCommand } from "./start-gateway.ts";

let a: RecordingUpstream;
let b: RecordingUpstream;

beforeEach(async () => {
  [a, b] = await Promise.all([startRecordingUpstream("a"), startRecordingUpstream("b")]);
});

afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

function configFor(
  { url }: RecordingUpstream,
  verify: "upstream" | "gateway" = "upstream",
): ConfigInput {
  return {
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { only: { url, verify } },
  };
}

describe.each(["upstream", "gateway"] as const)("where the %s compares headers", (verify) => {
  it("drops no request when its file changes under load", async () => {
    const gateway = await startGatewayCommand(configFor(a, verify));
    const load = startLoad(gateway.url, "who", 8);
    await load.until("a");
    for (const next of [b, a, b, a]) {
      await gateway.file.replace(configFor(next, verify));
      await load.until(next.name);
    }
    const { answers, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(answers).toBeGreaterThan(8);
  });

  it("finishes requests in flight with the old configuration", async () => {
    const gateway = await startGatewayCommand(configFor(a, verify));
    const held = callTool(gateway.url, "hold");
    await a.held();
    await gateway.file.replace(configFor(b, verify));
    await expectAnswer(gateway, b);
    a.release();
    expect(await held).toMatchObject({
      status: 200,
      body: { result: { content: [{ text: "a: held" }] } },
    });
  });

  it("continues to notify subscribers", async () => {
    const gateway = await startGatewayCommand(configFor(a, verify));
    const client = createClient(gateway.url);
    const subscription = await client.listen({ toolsListChanged: true }, { relisten: "ended" });
    await gateway.file.replace(configFor(b, verify));
    await expectAnswer(gateway, b);
    // Either the subscription was moved, or it ended gracefully and the client subscribed again. A
    // change without a subscriber is lost, so the change is published until it is received.
    const heard = (async () => {
      for await (const { method } of subscription) {
        if (method === "notifications/tools/list_changed") return method;
      }
      return "the end";
    })();
    const publishing = setInterval(b.changeTools, 20);
    expect(await heard).toBe("notifications/tools/list_changed");
    clearInterval(publishing);
    await client.close();
  });
});

it("a gateway reads its file again on SIGHUP", async () => {
  const gateway = await startGatewayCommand(configFor(a));
  await gateway.file.replace(configFor(b));
  gateway.child.kill("SIGHUP");
  await expectAnswer(gateway, b);
});

describe("a file that is not a valid configuration", () => {
  const lines = (config: ConfigInput) => JSON.stringify(config, null, 2).split("\n");

  it.each([
    [
      "a wrong type",
      () => lines({ ...configFor(b), drainMs: "soon" as never }),
      /"drainMs"/,
      /drainMs.*expected.*(number|int)/i,
    ],
    [
      "an unknown key",
      () => lines({ ...configFor(b), upstraems: {} } as never),
      /"upstraems"/,
      /upstraems/,
    ],
    [
      "a route to an unknown upstream",
      () => lines({ ...configFor(b), routes: [{ to: "nobody" }] }),
      /"to": "nobody"/,
      /expected an upstream/,
    ],
    ["no JSON", () => [...lines(configFor(b)).slice(0, 5), "  ]"], / {2}\]/, /./],
  ] as const)(
    "is rejected for %s, with its line, and the old configuration is kept",
    async (_what, make, where, why) => {
      const gateway = await startGatewayCommand(configFor(a));
      const load = startLoad(gateway.url, "who", 2);
      const text = make();
      await gateway.file.replace(text.join("\n"));
      const line = text.findIndex((each) => where.test(each)) + 1;
      const name = basename(gateway.file.path).replace(".", "\\.");
      const [said] = await gateway.line(new RegExp(`^.*${name}:${line}\\b.*$`));
      expect(said).toMatch(why);
      await load.until("a");
      await gateway.file.replace(configFor(b));
      await load.until("b");
      expect((await load.stop()).failures).toEqual([]);
    },
  );
});

/** Calls until the upstream answers, and expects that no call fails meanwhile. */
async function expectAnswer(gateway: RunningGateway, { name }: RecordingUpstream): Promise<void> {
  const load = startLoad(gateway.url, "who", 1);
  await load.until(name);
  expect((await load.stop()).failures).toEqual([]);
}
