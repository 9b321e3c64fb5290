/** The forwarded headers, as upstreams, limits and the access log see them. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { callTool } from "../cli/http.ts";
import { callBody, callLines } from "./raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

let upstream: RecordingUpstream;

beforeEach(async () => {
  upstream = await startRecordingUpstream("a");
  return () => upstream.close();
});

type Verify = "gateway" | "upstream";

const configFor = (trustedProxies: readonly string[], more: Partial<ConfigInput> = {}) => ({
  listen: { port: 0, trustedProxies: [...trustedProxies] },
  admin: false as const,
  log: false as const,
  upstreams: { a: { url: upstream.url } },
  ...more,
});

async function start(config: ConfigInput, onLine?: (line: string) => void): Promise<Gateway> {
  const logStream = onLine && { write: onLine };
  const gateway = await startGateway(config, { notice: () => {}, logStream });
  onTestFinished(() => gateway.close());
  return gateway;
}

const madeUp = {
  "x-forwarded-for": "203.0.113.9",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "mcp.example",
  forwarded: "for=203.0.113.9",
};

/** Calls `who` and resolves to the status. */
async function call({ url }: Gateway, headers: Record<string, string> = {}): Promise<number> {
  const own = Object.fromEntries(
    callLines("who").map((line) => line.split(": ") as [string, string]),
  );
  const body = callBody("who");
  const response = await fetch(url, { method: "POST", headers: { ...own, ...headers }, body });
  await response.text();
  return response.status;
}

/** Returns the forwarded headers of the call, as the upstream received them. */
function heard(): Record<string, string> {
  const head = upstream
    .received()
    .split("\r\n\r\n")
    .find((part) => /^mcp-name: who$/im.test(part));
  const lines = (head ?? "").matchAll(/^((?:x-)?forwarded[\w-]*): (.*)\r?$/gim);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value.trim()]));
}

describe.each(["upstream", "gateway"] satisfies Verify[])(
  "where the %s compares headers",
  (verify) => {
    const upstreams = () => ({ a: { url: upstream.url, verify } });

    it("an upstream gets the forwarded headers of the gateway, not of the client", async () => {
      const gateway = await start(configFor([], { upstreams: upstreams() }));
      expect(await call(gateway, madeUp)).toBe(200);
      expect(heard()).toEqual({
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": new URL(gateway.url).host,
      });
    });

    it("an upstream gets a trusted proxy's forwarded headers, with the proxy's address appended", async () => {
      const gateway = await start(configFor(["127.0.0.0/8"], { upstreams: upstreams() }));
      expect(await call(gateway, madeUp)).toBe(200);
      expect(heard()).toEqual({
        "x-forwarded-for": "203.0.113.9, 127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "mcp.example",
      });
    });

    it("a configured header takes precedence over a forwarded header", async () => {
      const headers = { "x-forwarded-proto": "https" };
      const own = { a: { url: upstream.url, verify, headers } };
      const gateway = await start(configFor([], { upstreams: own }));
      expect(await call(gateway)).toBe(200);
      expect(heard()["x-forwarded-proto"]).toBe("https");
    });
  },
);

describe("limits by address", () => {
  const limits: ConfigInput["limits"] = [
    { per: ["address"], rate: { requests: 1, perMs: 3_600_000 } },
  ];
  const from = (gateway: Gateway, address: string) => call(gateway, { "x-forwarded-for": address });

  it("distinguish the clients of a trusted proxy", async () => {
    const gateway = await start(configFor(["127.0.0.1"], { limits }));
    expect(await from(gateway, "203.0.113.1")).toBe(200);
    expect(await from(gateway, "203.0.113.2")).toBe(200);
    expect(await from(gateway, "203.0.113.1")).toBe(429);
    // An entry that the client sent, before the one of the proxy, has no effect.
    expect(await from(gateway, "198.51.100.1, 203.0.113.1")).toBe(429);
  });

  it("cannot be bypassed with a forged header", async () => {
    const gateway = await start(configFor([], { limits }));
    expect(await from(gateway, "203.0.113.1")).toBe(200);
    expect(await from(gateway, "203.0.113.2")).toBe(429);
  });
});

it.each([
  ["the client", {}, ["203.0.113.1", "127.0.0.1"]],
  ["no client if log.address is false", { address: false }, [undefined, undefined]],
])("the access log names %s", async (_whom, log, expected) => {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(...text.trimEnd().split("\n"));
  const gateway = await start(configFor(["127.0.0.1"], { log }), write);
  await call(gateway, { "x-forwarded-for": "203.0.113.1" });
  await callTool(gateway.url, "who");
  await gateway.close();
  const addresses = lines.map((line) => (JSON.parse(line) as { address?: string }).address);
  expect(addresses).toEqual(expected);
});

it("a reload changes the trusted proxies", async () => {
  const gateway = await start(configFor([]));
  await gateway.reload(configFor(["127.0.0.1"]));
  await call(gateway, madeUp);
  expect(heard()["x-forwarded-for"]).toBe("203.0.113.9, 127.0.0.1");
});
