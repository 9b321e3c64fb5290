/** A client against legacy servers over stdio. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Client, ClientOptions } from "../../client/node.ts";
import { createClient } from "../../client/node.ts";
import { createStdioTransport } from "../../transport/node.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const script = fileURLToPath(new URL("./fixtures/stdio-server.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lutra-legacy-"));
const clients: Client[] = [];
let files = 0;

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

function start(mode: string, options: ClientOptions = {}) {
  files += 1;
  const log = join(folder, String(files));
  const command = { command: process.execPath, args: [script, mode, log] };
  const connect = (more: ClientOptions = {}): Client => {
    const client = createClient(command, { verdicts: createMemoryVerdicts(), ...options, ...more });
    clients.push(client);
    return client;
  };
  const seen = () => readFileSync(log, "utf8").trim().split("\n");
  return { client: connect(), connect, seen };
}

const textOf = ({ content }: { readonly content: readonly unknown[] }) =>
  (content[0] as { readonly text: string }).text;

describe("a legacy server over stdio", () => {
  it.each([
    ...["-32601", "-32602", "-32600", "-32000", "-32603", "old versions", "nonsense"],
    ...["no id", "lenient"],
  ])("is recognised by its answer to server/discover: %s", async (mode) => {
    const { client, seen } = start(mode);
    expect((await client.listTools()).tools).toHaveLength(2);
    expect(client.serverEra).toBe("legacy");
    expect(seen()).toEqual([
      "request server/discover",
      "request initialize",
      "notifications/initialized",
      "request tools/list",
    ]);
  });

  it.each(["silent", "prints html"])("is recognised by its silence: %s", async (mode) => {
    const { client, seen } = start(mode, { probeTimeoutMs: 200 });
    expect((await client.listTools()).tools).toHaveLength(2);
    expect(seen().filter((name) => name === "request initialize")).toHaveLength(1);
  });

  it.each(["both, by process", "both, by request"])(
    "that starts slowly, and serves %s, is taken as modern",
    async (mode) => {
      const { client, seen } = start(mode, { probeTimeoutMs: 200 });
      await client.listTools().catch(() => {});
      expect(client.serverEra).toBe("modern");
      expect(seen().filter((name) => name === "request initialize")).toHaveLength(1);
    },
  );

  it("that may not be started again keeps its session, though it serves both", async () => {
    const args = [script, "both, by process", join(folder, "once")];
    const transport = createStdioTransport(
      { command: process.execPath, args },
      { probeTimeoutMs: 200, restarts: { max: 0 }, verdicts: createMemoryVerdicts() },
    );
    const client = createClient(transport);
    clients.push(client);
    expect((await client.listTools()).tools).toHaveLength(2);
    expect(transport.era).toBe("legacy");
    await transport.close();
  });

  it("that exits on unknown input is started again with initialize, and remembered", async () => {
    const verdicts = createMemoryVerdicts();
    const { client, connect, seen } = start("exit", { verdicts });
    expect((await client.listTools()).tools).toHaveLength(2);
    const known = connect();
    expect((await known.listTools()).tools).toHaveLength(2);
    expect(seen()).toEqual([
      "request server/discover",
      ...["request initialize", "notifications/initialized", "request tools/list"],
      ...["request initialize", "notifications/initialized", "request tools/list"],
    ]);
  });

  it.each(["auto", "legacy"] as const)(
    "that exits at every start fails the request at once, with the era %s",
    async (era) => {
      const command = { command: process.execPath, args: ["-e", "process.exit(7)"] };
      const verdicts = createMemoryVerdicts();
      const client = createClient(command, { era, verdicts, probeTimeoutMs: 2_000_000_000 });
      clients.push(client);
      await expect(client.listTools()).rejects.toMatchObject({
        reason: "closed",
        message: expect.stringContaining("exited with code 7"),
      });
    },
  );

  it("is not probed when its era is given", async () => {
    const { client, seen } = start("silent", { era: "legacy" });
    await client.listTools();
    expect(seen()[0]).toBe("request initialize");
  });

  it("is refused when it chooses a version other than the given one, also if it is modern", async () => {
    const { client, seen } = start("both", { era: "2025-11-25" });
    const refused = "the server chose the version 2024-11-05; expected 2025-11-25";
    await expect(client.listTools()).rejects.toThrow(refused);
    await expect(client.listTools()).rejects.toThrow(refused);
    expect(seen()).not.toContain("request server/discover");
    expect(seen()).not.toContain("request tools/list");
  });

  it("is refused when the era is modern", async () => {
    const { client } = start("-32601", { era: "modern" });
    await expect(client.listTools()).rejects.toThrow(/speaks an earlier revision/);
  });

  it("asks for roots, pings, and gets refusals for the rest", async () => {
    const { client } = start("-32601", { onRoots: () => [{ uri: "file:///a" }] });
    expect(textOf(await client.callTool("ask"))).toBe('{"roots":[{"uri":"file:///a"}]}');
    expect(textOf(await client.callTool("ping"))).toBe("{}");
    expect(JSON.parse(textOf(await client.callTool("elicit")))).toMatchObject({ code: -32601 });
  });

  it("asks the user during one of several calls", async () => {
    const { client } = start("-32601", {
      onElicit: () => ({ action: "accept", content: { name: "Zoë" } }),
    });
    const [first, second, third] = await Promise.all([
      client.callTool("elicit"),
      client.callTool("echo", { a: 1 }),
      client.callTool("elicit"),
    ]);
    expect(textOf(first)).toBe('{"action":"accept","content":{"name":"Zoë"}}');
    expect(textOf(second)).toBe('{"a":1}');
    expect(textOf(third)).toBe('{"action":"accept","content":{"name":"Zoë"}}');
  });

  it("receives the cancellation of a call", async () => {
    const { client, seen } = start("-32601");
    const controller = new AbortController();
    const { signal } = controller;
    const call = client.callTool("wait", {}, { signal, onProgress: () => controller.abort() });
    await expect(call).rejects.toMatchObject({ reason: "aborted" });
    await expect.poll(seen).toContain("notifications/cancelled");
  });

  it("gets a new session after it has exited", async () => {
    const { client, seen } = start("-32601");
    await expect(client.callTool("exit")).rejects.toMatchObject({ reason: "closed" });
    expect(textOf(await client.callTool("echo", { b: 2 }))).toBe('{"b":2}');
    expect(seen().filter((name) => name === "call exit")).toHaveLength(1);
    expect(client.serverEra).toBe("legacy");
  });

  it("announces changes", async () => {
    const { client, seen } = start("-32601");
    const subscription = await client.listen({
      toolsListChanged: true,
      resourceSubscriptions: ["memo://a"],
    });
    expect(subscription.acknowledged).toEqual({
      toolsListChanged: true,
      resourceSubscriptions: ["memo://a"],
    });
    await client.callTool("change");
    const changes = subscription[Symbol.asyncIterator]();
    expect((await changes.next()).value?.method).toBe("notifications/tools/list_changed");
    expect((await changes.next()).value?.params).toMatchObject({ uri: "memo://a" });
    subscription.close();
    await expect.poll(seen).toContain("unsubscribe memo://a");
  });
});
