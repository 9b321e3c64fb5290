import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import { createStdioTransport, type StdioTransport } from "./client.ts";
import { probeDiscover } from "./era-probe.ts";
import type { StdioTransportOptions } from "./options.ts";

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const script = fileURLToPath(new URL("./fixtures/scripted-server.mjs", import.meta.url));
const { signal } = new AbortController();
const open: StdioTransport[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

/** Creates a transport to the scripted server with a flag. It is closed after the test. */
function connect(flag: string, options: StdioTransportOptions = {}): StdioTransport {
  const command = { command: process.execPath, args: [script, flag] };
  const transport = createStdioTransport(command, { stderr: "ignore", ...options });
  open.push(transport);
  return transport;
}

const send = (transport: StdioTransport, method: string) =>
  transport.serve({ jsonrpc: "2.0", id: 1, method }, { signal, notify: () => {} });
const malformed = { name: "TransportError", reason: "malformed" };

describe("a server of an earlier revision", () => {
  it("is refused before it gets a request, also the next time", async () => {
    const transport = connect("--legacy");
    const refusal =
      /^The server ".*" speaks an earlier revision of MCP, which begins with initialize \(2025-11-25 or before\): it answered server\/discover with the error -32601\. Expected 2026-07-28; use a version of the server that speaks it$/;
    await expect(send(transport, "crash")).rejects.toThrow(refusal);
    const { pid } = transport;
    await expect(send(transport, "crash")).rejects.toMatchObject(malformed);
    expect(transport.pid).toBe(pid);
  });

  it("may list versions that are not text, and keeps one process", async () => {
    const transport = connect("--odd-versions");
    await expect(send(transport, "crash")).rejects.toMatchObject(malformed);
    const { pid } = transport;
    await expect(send(transport, "crash")).rejects.toMatchObject(malformed);
    expect(transport.pid).toBe(pid);
  });

  it("is assumed on stderr if it is silent, and gets requests, since it may be starting", async () => {
    const lines: string[] = [];
    const stderr = (line: string) => void lines.push(line);
    const transport = connect("--silent", { probeTimeoutMs: 200, stderr });
    const { received } = await send(transport, "received");
    expect(received).toMatchObject([{ method: "received" }]);
    expect(lines).toEqual([
      "lutra: the server has not answered server/discover for 0.2 s; it is still starting, or " +
        "speaks an earlier revision of MCP, which begins with initialize",
    ]);
  });

  it("is not probed with probeTimeoutMs 0", async () => {
    const transport = connect("--legacy", { probeTimeoutMs: 0 });
    const { received } = await send(transport, "received");
    expect(received).toMatchObject([{ method: "received" }]);
    await expect(send(transport, "echo")).resolves.toBeDefined();
  });

  it.each([
    [
      "supports other versions only",
      { supportedVersions: ["2025-11-25"] },
      "it supports 2025-11-25",
    ],
    ["supports this version, too", { supportedVersions: ["2025-11-25", "2026-07-28"] }, undefined],
    ["lists no versions", {}, "unclear"],
  ])(
    "is recognised by its answer to server/discover: one that %s",
    async (_what, answer, evidence) => {
      const probed = { send: async () => answer as never, signal, timeoutMs: 1000 };
      expect(await probeDiscover(probed, {})).toBe(evidence);
    },
  );

  it.each([
    ["unsupportedProtocolVersion", { supported: ["2025-06-18"] }, "it supports 2025-06-18"],
    ["unsupportedProtocolVersion", { supported: ["2026-07-28"] }, undefined],
    ["invalidParams", undefined, "it answered server/discover with the error -32602"],
    ["internalError", undefined, "unclear"],
    ["invalidRequest", undefined, "unclear"],
    ["headerMismatch", undefined, undefined],
  ] as const)("is recognised by its error %s with %o", async (reason, data, evidence) => {
    const error = new ProtocolError(reason, "no", data === undefined ? {} : { data });
    const probed = { send: () => Promise.reject(error), signal, timeoutMs: 1000 };
    expect(await probeDiscover(probed, {})).toBe(evidence);
  });
});
