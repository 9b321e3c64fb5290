import type { ConfigInput } from "@lutra/gateway";
import { createClient } from "lutra/client";
import { describe, expect, it } from "vitest";
import { writeConfig } from "../gateway/config-file.ts";
import { startReplicas } from "../gateway/replicas.ts";
import { startLutra } from "./lutra-command.ts";
import { type Opened, runScenarios } from "./run-scenarios.ts";

const module = new URL("server.ts", import.meta.url);

/** A gateway over three replicas, each with its own URL. */
async function open(verify: "upstream" | "gateway"): Promise<Opened> {
  const replicas = await startReplicas(module, 3);
  const config: ConfigInput = {
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { fixture: { url: [...replicas.urls], verify } },
  };
  const file = await writeConfig(config);
  const close = async () => {
    await replicas.close();
    await file.remove();
  };
  try {
    const gateway = await startLutra("gateway", file.path);
    return {
      createClient: (options) => createClient(gateway.url, options),
      end: gateway.close,
      close,
      http: (init) => fetch(gateway.url, init),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

describe.each(["upstream", "gateway"] as const)("where the %s compares headers", (verify) => {
  runScenarios("gateway", () => open(verify));

  it("a notification is forwarded, or refused where the gateway reads bodies", async () => {
    const { createClient, http, end, close } = await open(verify);
    // The first request detects the revision of the upstream.
    const client = createClient({});
    await client.discover();
    await client.close();
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "notifications/of_a_kind",
    };
    const body = '{"jsonrpc":"2.0","method":"notifications/of_a_kind"}';
    const response = await http?.({ method: "POST", headers, body });
    expect(response?.status).toBe(verify === "upstream" ? 202 : 400);
    await end();
    await close?.();
  });

  it("a subscription continues when all processes of its upstream die", async () => {
    const { createClient, end, close } = await open(verify);
    const client = createClient({ onWarning: () => {} });
    const uri = "changed://after";
    const subscription = await client.listen({ resourceSubscriptions: [uri] });
    const pids = new Set<number>();
    while (pids.size < 3) {
      const { structuredContent } = await client.callTool("who");
      pids.add((structuredContent as { pid: number }).pid);
    }
    for (const pid of pids) process.kill(pid, "SIGKILL");
    const heard = (async () => {
      for await (const { method } of subscription) {
        if (method === "notifications/resources/updated") return true;
      }
      return false;
    })();
    let isOver = false;
    void heard.finally(() => {
      isOver = true;
    });
    // Events published without a subscriber are lost, so they are published until one arrives.
    while (!isOver) await client.callTool("touch", { uri }).catch(() => {});
    expect(await heard).toBe(true);
    subscription.close();
    await end();
    await client.close();
    await close?.();
  });
});
