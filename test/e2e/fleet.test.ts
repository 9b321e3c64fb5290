import { Agent, request } from "node:http";
import { json } from "node:stream/consumers";
import { createClient } from "lutra/client";
import { expect, it } from "vitest";
import { compiled } from "../compiled.ts";
import { startLutra } from "./lutra-command.ts";
import { runScenarios } from "./run-scenarios.ts";

const server = compiled(new URL("server.ts", import.meta.url));

runScenarios("fleet", async () => {
  const fleet = await startLutra("up", server, "--replicas", "3", "--port", "0");
  return {
    createClient: (options) => createClient(fleet.url, options),
    end: fleet.close,
    http: (init) => fetch(fleet.url, init),
  };
});

it("a client gets an error when its replica dies during a body, and can continue", async () => {
  const fleet = await startLutra("up", "test/e2e/server.ts", "--replicas", "1", "--port", "0");
  const client = createClient(fleet.url);
  const { structuredContent } = await client.callTool("who");
  await client.close();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const half = "x".repeat(500_000);
  const send = (halves: (write: (text: string) => Promise<void>) => Promise<void>) =>
    new Promise<unknown>((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "content-length": 2 * half.length,
        // The gateway reads the body of a request without a version, which may be of a session.
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "who",
      };
      const req = request(fleet.url, { method: "POST", agent, headers }, async (res) => {
        resolve([res.statusCode, await json(res)]);
      });
      req.on("error", reject);
      const write = (text: string) =>
        new Promise<void>((written) => void req.write(text, () => written()));
      void halves(write).then(() => req.end());
    });
  const broken = await send(async (write) => {
    await write(half);
    process.kill((structuredContent as { pid: number }).pid, "SIGKILL");
  });
  // With 503, the gateway had not begun to send the body, of which the kernel may keep the first half.
  expect(broken).toMatchObject([expect.toBeOneOf([502, 503]), { error: { code: -32603 } }]);
  const next = await send(async (write) => {
    await write(half);
    await write(half);
  });
  // The new replica rejects the body. Before it listens there is none (503), and while the kernel still
  // ends the killed process, its socket may accept this connection, too (502).
  expect([400, 502, 503]).toContain((next as [number])[0]);
  agent.destroy();
  await fleet.close();
});
