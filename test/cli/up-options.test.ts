import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { send } from "./http.ts";
import { endLutra, runLutra, startLutra } from "./run-lutra.ts";

const startFleet = (...options: readonly string[]) =>
  startLutra("up", "fleet-server.ts", "--replicas", "1", ...options);

it("prints the URL of health and metrics when it picks a free port", async () => {
  const fleet = await startFleet("--admin", "0");
  const [, admin = ""] = await fleet.line(/^lutra: health and metrics on (http:\S+)$/);
  expect((await fetch(`${admin}/readyz`)).status).toBe(200);
  expect(fleet.stdout).toEqual([`listening on ${fleet.url}`]);
  await endLutra(fleet);
});

it.each([
  ["--port", ["--port"]],
  ["--admin", ["--port", "0", "--admin"]],
])("names %s for a port that is in use", async (option, args) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { readonly port: number };
  const fleet = runLutra("up", "fleet-server.ts", ...args, String(port));
  expect(await fleet.exited).toBe(1);
  await fleet.closed;
  expect(fleet.stderr).toEqual([
    `lutra: port ${port} is in use; stop the other program, or choose another port with ${option}`,
  ]);
  other.close();
});

describe("a proxy in front", () => {
  /** Returns the client address in the access log for a request through a proxy on this machine. */
  async function addressSeenBy(...options: readonly string[]): Promise<string> {
    const fleet = await startFleet("--log", ...options);
    const headers = {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "pid",
      "x-forwarded-for": "203.0.113.9",
    };
    await (await send(fleet.url, "tools/call", { name: "pid", arguments: {} }, { headers })).text();
    const { input } = await fleet.line(/^\{.*"address"/);
    await endLutra(fleet);
    return JSON.parse(input).address;
  }

  it("is trusted if --trusted-proxy names its address or range", async () => {
    const seen = await addressSeenBy("--trusted-proxy", "192.0.2.7", "--trusted-proxy=127.0.0.0/8");
    expect(seen).toBe("203.0.113.9");
  });

  it("is not trusted otherwise", async () => {
    expect(await addressSeenBy()).toBe("127.0.0.1");
  });

  it("must be an address or a range", async () => {
    const proxies = ["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "proxy.example"];
    const fleet = runLutra("up", "fleet-server.ts", "--port", "0", ...proxies);
    expect(await fleet.exited).toBe(2);
    await fleet.closed;
    expect(fleet.stderr).toEqual([
      'lutra: --trusted-proxy proxy.example: expected an IP address, a range such as 10.0.0.0/8, or "unix"',
    ]);
  });
});
