/** A shutdown under load: no request on a kept-alive connection is lost. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send } from "../cli/http.ts";
import { endLutra, type RunningServer, startLutra } from "../cli/run-lutra.ts";
import { keepBusy } from "./busy-connections.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let upstream: RecordingUpstream;
beforeAll(async () => {
  upstream = await startRecordingUpstream("a");
});
afterAll(() => upstream.close());

const quiet = { listen: { port: 0 }, admin: false, log: false } as const;

interface Subject {
  readonly runs: number;
  readonly start: () => Promise<RunningServer>;
}

const subjects: { readonly [name: string]: Subject } = {
  "a gateway that forwards bodies": {
    runs: 10,
    start: () =>
      startGatewayCommand({
        ...quiet,
        upstreams: { only: { url: upstream.url, verify: "upstream" } },
      }),
  },
  "a gateway that parses bodies": {
    runs: 3,
    start: () => startGatewayCommand({ ...quiet, upstreams: { only: { url: upstream.url } } }),
  },
  "a gateway with two processes": {
    runs: 3,
    start: () =>
      startGatewayCommand(
        { ...quiet, upstreams: { only: { url: upstream.url, verify: "upstream" } } },
        "--processes",
        "2",
      ),
  },
  "lutra serve": { runs: 3, start: () => startLutra("serve", "who-server.mjs") },
  "lutra up": { runs: 3, start: () => startLutra("up", "who-server.mjs", "--replicas", "1") },
};

describe.each(Object.entries(subjects))("SIGTERM under load: %s", (_name, { runs, start }) => {
  const all = Array.from({ length: runs }, (_, run) => run + 1);

  it.each(all)("loses no request of 64 busy connections, run %d", async () => {
    const server = await start();
    const load = keepBusy(server.url, "who", 64);
    await load.busy;
    const ended = endLutra(server);
    const { answers, closing, lost } = await load.over;
    await ended;
    expect(lost).toEqual([]);
    expect(answers).toBeGreaterThanOrEqual(128);
    expect(closing).toBeGreaterThanOrEqual(64);
  });
});

describe("a gateway that stays for lameDuckMs", () => {
  it("is not ready, and still accepts connections", async () => {
    const gateway = await startGatewayCommand({
      ...quiet,
      admin: { port: 0 },
      lameDuckMs: 300_000,
      upstreams: { only: { url: upstream.url } },
    });
    const [, admin = ""] = await gateway.line(/health and metrics on (\S+)/);
    const readiness = async () => {
      const response = await fetch(new URL("/readyz", admin));
      return `${response.status} ${await response.text()}`;
    };
    await expect.poll(readiness).toBe("200 ready\n");
    gateway.child.kill("SIGTERM");
    await expect.poll(readiness).toBe("503 not ready: the gateway is closing\n");
    const { status, headers } = await send(gateway.url, "tools/call", { name: "who" });
    expect([status, headers.get("connection")]).toEqual([200, "close"]);
  });
});
