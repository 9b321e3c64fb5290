/** Servers that other machines can reach: the printed URL, the warning and the accepted hosts. */
import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { startGatewayCommand } from "../gateway/start-gateway.ts";
import { send } from "./http.ts";
import { endLutra, type RunningServer, runLutra, startLutra } from "./run-lutra.ts";

const warning = "lutra: warning: other machines can connect, and every caller is served; ";
const tokens = { LUTRA_TOKENS: `ana ${"t".repeat(32)}` };

const commands = [
  ["serve", ["serve", "plain-server.mjs"]],
  ["up", ["up", "plain-server.mjs", "--replicas", "1"]],
] as const;

const isWarning = (line: string) => line.includes("warning");

describe.each(commands)("lutra %s", (_command, args) => {
  it("on all addresses prints a usable URL, and warns that everyone may call", async () => {
    const lutra = await startLutra(...args, "--host", "0.0.0.0");
    expect(lutra.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    expect((await send(lutra.url, "server/discover")).status).toBe(200);
    expect(lutra.stderr.filter(isWarning)).toEqual([
      `${warning}restrict it with --token-file or --auth`,
    ]);
    await endLutra(lutra);
  });

  it("does not warn when it verifies callers, or only this machine can connect", async () => {
    const verified = await startLutra(...args, "--host", "0.0.0.0", tokens);
    const local = await startLutra(...args);
    expect([...verified.stderr, ...local.stderr].filter(isWarning)).toEqual([]);
    await Promise.all([verified, local].map(endLutra));
  });

  it("accepts the names of --allowed-host, for a proxy that keeps them", async () => {
    const hosts = ["--allowed-host", "mcp.example.com", "--allowed-host=other.example:8080"];
    const lutra = await startLutra(...args, ...hosts);
    const names = ["mcp.example.com", "other.example:8080", "evil.example", "127.0.0.1"];
    const statuses = await Promise.all(names.map((name) => statusFor(lutra, name)));
    expect(statuses).toEqual([405, 405, 403, 405]);
    await endLutra(lutra);
  });

  it("accepts the web pages of --allowed-origin, with CORS headers", async () => {
    const lutra = await startLutra(...args, "--allowed-origin", "https://app.example.com");
    const preflight = (origin: string) =>
      fetch(lutra.url, { method: "OPTIONS", headers: { origin } });
    const [allowed, other] = await Promise.all(
      ["https://app.example.com", "https://evil.example"].map(preflight),
    );
    expect([allowed?.status, other?.status]).toEqual([204, 403]);
    expect(allowed?.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
    await endLutra(lutra);
  });

  it("refuses an --allowed-origin that no browser sends", async () => {
    const lutra = runLutra(...args, "--allowed-origin", "https://app.example.com/chat");
    expect(await lutra.exited).toBe(2);
    await lutra.closed;
    expect(lutra.stderr).toEqual([
      "lutra: --allowed-origin https://app.example.com/chat: expected an origin as browsers send it, without a path, such as https://app.example.com",
    ]);
  });
});

it("lutra gateway warns unless the configuration says who may call", async () => {
  const upstreams = { absent: { url: "http://127.0.0.1:9/mcp" } };
  const config = { listen: { host: "0.0.0.0", port: 0 }, admin: false, upstreams } as const;
  const open = await startGatewayCommand(config);
  expect(open.stderr.filter(isWarning)).toEqual([`${warning}restrict it with auth`]);
  const auth = { tokens: [{ id: "ana", token: "t".repeat(32) }] };
  const closed = await startGatewayCommand({ ...config, auth });
  expect(closed.stderr.filter(isWarning)).toEqual([]);
});

/** Returns the status of a request with a given `Host`. One that is accepted is refused as a GET. */
async function statusFor({ url }: RunningServer, host: string): Promise<number | undefined> {
  const sent = request(url, { headers: { host } }).end();
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode;
}
