import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, RequestId } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { subscriptionIdOf } from "../../protocol/subscriptions.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import type { StdioTransport } from "./client.ts";
import { createStdioTransport } from "./client.ts";
import type { StdioTransportOptions } from "./options.ts";
import type { StdioCommand } from "./spawn-command.ts";

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const script = fileURLToPath(new URL("./fixtures/scripted-server.mjs", import.meta.url));
const open: StdioTransport[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

/** Creates a transport to the scripted server. It is closed after the test. */
function connect(
  options: StdioTransportOptions = {},
  command: Partial<StdioCommand> = {},
): StdioTransport {
  const start = { command: process.execPath, args: [script], ...command };
  const transport = createStdioTransport(start, { stderr: "ignore", ...options });
  open.push(transport);
  return transport;
}

/** Sends a request. `notified` resolves with its first notification. */
function send(
  transport: StdioTransport,
  method: string,
  params: JSONObject = {},
  id: RequestId = 1,
) {
  const controller = new AbortController();
  const notifications: JSONRPCNotification[] = [];
  let first = (_notification: JSONRPCNotification): void => {};
  const notified = new Promise<JSONRPCNotification>((resolve) => {
    first = resolve;
  });
  const notify = (notification: JSONRPCNotification) => {
    notifications.push(notification);
    first(notification);
  };
  const result = transport.serve(
    { jsonrpc: "2.0", id, method, params },
    { signal: controller.signal, notify },
  );
  result.catch(() => {});
  return { result, notifications, notified, abort: (why?: unknown) => controller.abort(why) };
}

const withToken = (progressToken: unknown) => ({ _meta: { progressToken } });
const withLogLevel = { _meta: { [metaKeys.logLevel]: "info" } };
const failure = (reason: string) => expect.objectContaining({ name: "TransportError", reason });

/** Sends a request that stays in flight on the server. */
async function hang(transport: StdioTransport) {
  const sent = send(transport, "hang", withToken("t"));
  await sent.notified;
  return sent;
}

describe("requests over stdio", () => {
  it("share one server, which starts with the first request", async () => {
    const transport = connect();
    expect(transport.pid).toBeUndefined();
    const both = await Promise.all([send(transport, "pid").result, send(transport, "pid").result]);
    expect(both.map(({ pid }) => pid)).toEqual([transport.pid, transport.pid]);
  });

  it("may have equal ids, because each has its own id on the channel", async () => {
    const transport = connect();
    const sent = [1, 2, 3].map((n) => send(transport, "echo", { n }, "same").result);
    const results = await Promise.all(sent);
    expect(results.map(({ params }) => params)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(new Set(results.map(({ requestId }) => requestId)).size).toBe(3);
  });

  it("get their own answers, a thousand at once", async () => {
    const transport = connect();
    const sent = Array.from({ length: 1000 }, (_, n) => send(transport, "echo", { n }).result);
    const results = await Promise.all(sent);
    const numbers = results.map(({ params }) => (params as { n: number }).n);
    expect(numbers).toEqual([...Array(1000).keys()]);
  });

  it("leave no listener on the signal of their caller", async () => {
    const { serve } = connect();
    const { signal } = new AbortController();
    const context = { signal, notify: () => {} };
    await serve({ jsonrpc: "2.0", id: 1, method: "echo" }, context);
    await expect(serve({ jsonrpc: "2.0", id: 1, method: "refuse" }, context)).rejects.toThrow();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("reject with the error of the server", async () => {
    await expect(send(connect(), "refuse").result).rejects.toMatchObject({
      name: "ProtocolError",
      reason: "invalidParams",
      peer: true,
    });
  });

  it("reject when the response has neither a result nor an error", async () => {
    await expect(send(connect(), "nothing said").result).rejects.toEqual(failure("malformed"));
  });

  it("reject when the response has both a result and an error, as over HTTP", async () => {
    const { result } = send(connect(), "both members");
    await expect(result).rejects.toMatchObject({ reason: "invalidParams", message: "no" });
  });

  it("ignore messages that are not JSON-RPC 2.0", async () => {
    const { from } = await send(connect(), "no version").result;
    expect(from).toBeUndefined();
  });

  it("reject with an error without an id when only one is in flight", async () => {
    await expect(send(connect(), "error without id").result).rejects.toMatchObject({
      reason: "parseError",
      message: "too long",
    });
  });

  it("reject when they can't be serialised as JSON", async () => {
    const transport = connect();
    await expect(send(transport, "echo", { big: 1n }).result).rejects.toThrow(TypeError);
    await expect(send(transport, "echo").result).resolves.toBeDefined();
  });

  it("lines that are not messages are passed to the option stderr", async () => {
    const lines: string[] = [];
    const transport = connect({ stderr: (line) => lines.push(line) });
    await send(transport, "noise").result;
    await transport.close();
    expect(lines).toEqual(
      expect.arrayContaining(["Debugger attached", "{ not json", "[1, 2]", "a line for people"]),
    );
    expect(lines).toHaveLength(4);
  });

  it("accept a last message without a newline", async () => {
    await expect(send(connect(), "unterminated").result).resolves.toEqual({ last: true });
  });

  it("all reject when a message has too many values, and the server continues", async () => {
    const transport = connect({ maxLineValues: 500 });
    const hanging = await hang(transport);
    const many = send(transport, "echo", { many: Array(500).fill(0) });
    await expect(many.result).rejects.toEqual(failure("malformed"));
    await expect(hanging.result).rejects.toEqual(failure("malformed"));
    await expect(send(transport, "echo").result).resolves.toBeDefined();
  });

  it("all reject when a message is too long, and the server continues", async () => {
    const transport = connect({ maxLineBytes: 1024 });
    const hanging = await hang(transport);
    await expect(send(transport, "long line").result).rejects.toEqual(failure("malformed"));
    await expect(hanging.result).rejects.toEqual(failure("malformed"));
    await expect(send(transport, "echo").result).resolves.toBeDefined();
  });
});

describe("notifications over stdio", () => {
  it("progress notifications are delivered in order to their request, with its token", async () => {
    const transport = connect();
    const first = send(transport, "progress thrice", withToken("same"));
    const second = send(transport, "progress thrice", withToken("same"));
    await Promise.all([first.result, second.result]);
    const expected = [1, 2, 3].map((progress) => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: "same", progress },
    }));
    expect(first.notifications).toEqual(expected);
    expect(second.notifications).toEqual(expected);
  });

  it("log notifications are delivered to the only request that asked for them", async () => {
    const transport = connect();
    const silent = await hang(transport);
    const asking = send(transport, "log", withLogLevel);
    await asking.result;
    expect(asking.notifications).toMatchObject([
      { params: { data: "for the request that asked" } },
    ]);
    expect(silent.notifications).toHaveLength(1);
  });

  it("log notifications are dropped when several requests asked for them", async () => {
    const transport = connect();
    send(transport, "hang", withLogLevel);
    const asking = send(transport, "log", withLogLevel);
    await asking.result;
    expect(asking.notifications).toEqual([]);
  });

  it("notifications of a subscription are delivered with the caller's id", async () => {
    const transport = connect();
    const first = send(transport, "listen", {}, "mine");
    const second = send(transport, "listen", {}, "yours");
    await send(transport, "echo").result;
    expect(first.notifications.map(subscriptionIdOf)).toEqual(["mine", "mine"]);
    expect(second.notifications.map(subscriptionIdOf)).toEqual(["yours", "yours"]);
  });

  it("a notification that its receiver rejects ends the request", async () => {
    const transport = connect();
    const { signal } = new AbortController();
    const notify = () => Promise.reject(new Error("no room"));
    const hanging = transport.serve(
      { jsonrpc: "2.0", id: 1, method: "hang", params: withToken(1) },
      { signal, notify },
    );
    await expect(hanging).rejects.toThrow("no room");
    const throwing = transport.serve(
      { jsonrpc: "2.0", id: 1, method: "hang", params: withToken(1) },
      {
        signal,
        notify: () => {
          throw new Error("no reader");
        },
      },
    );
    await expect(throwing).rejects.toThrow("no reader");
  });
});

describe("the end of a subscription", () => {
  it("is graceful when its result arrives before notifications/cancelled", async () => {
    const transport = connect();
    const subscription = send(transport, "listen", {}, "mine");
    await subscription.notified;
    await send(transport, "end of listen", { graceful: true }).result;
    await expect(subscription.result).resolves.toEqual({
      resultType: "complete",
      _meta: { [metaKeys.subscriptionId]: "mine" },
    });
  });

  it("is an error when notifications/cancelled arrives alone", async () => {
    const transport = connect();
    const subscription = send(transport, "listen");
    await subscription.notified;
    await send(transport, "end of listen").result;
    await expect(subscription.result).rejects.toEqual(failure("closed"));
  });
});

describe("cancellation over stdio", () => {
  it("sends notifications/cancelled and ignores a later response", async () => {
    const transport = connect();
    const hanging = await hang(transport);
    hanging.abort("enough");
    await expect(hanging.result).rejects.toEqual(failure("aborted"));
    await send(transport, "late").result;
    const { received } = await send(transport, "received").result;
    const messages = received as JSONObject[];
    const { id } = messages.find(({ method }) => method === "hang") as JSONObject;
    expect(messages.filter(({ method }) => method === "notifications/cancelled")).toEqual([
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } },
    ]);
  });

  it("rejects with the caller's reason", async () => {
    const hanging = await hang(connect());
    const timeout = new TransportError("timeout", "too slow");
    hanging.abort(timeout);
    await expect(hanging.result).rejects.toBe(timeout);
  });

  it("sends nothing for a request that has ended", async () => {
    const transport = connect();
    const done = send(transport, "echo");
    await done.result;
    done.abort();
    const { received } = await send(transport, "received").result;
    expect(received).toMatchObject([{ method: "echo" }, { method: "received" }]);
  });

  it("leads to exactly one outcome when it crosses the response", async () => {
    const transport = connect();
    await send(transport, "echo").result;
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const racing = send(transport, "echo", { n });
        if (n % 2 === 0) setImmediate(racing.abort);
        else queueMicrotask(racing.abort);
        return racing.result.then(
          ({ params }) => (params as { n: number }).n === n,
          (error: TransportError) => error.reason === "aborted",
        );
      }),
    );
    expect(outcomes).not.toContain(false);
    await expect(send(transport, "echo").result).resolves.toBeDefined();
  });

  it("sends nothing before the server has started", async () => {
    const transport = connect();
    const early = send(transport, "echo");
    early.abort();
    await expect(early.result).rejects.toEqual(failure("aborted"));
    const { received } = await send(transport, "received").result;
    expect(received).toHaveLength(1);
    const { serve } = transport;
    const context = { signal: AbortSignal.abort(), notify: () => {} };
    await expect(serve({ jsonrpc: "2.0", id: 1, method: "echo" }, context)).rejects.toEqual(
      failure("aborted"),
    );
  });
});

describe("a server process that exits", () => {
  it("rejects the requests in flight, and restarts with the next one", async () => {
    const transport = connect();
    const hanging = await hang(transport);
    const { pid = 0 } = transport;
    process.kill(pid, "SIGKILL");
    await expect(hanging.result).rejects.toEqual(failure("closed"));
    await expect(hanging.result).rejects.toThrow("was ended by SIGKILL");
    const again = await send(transport, "pid").result;
    expect(again.pid).not.toBe(pid);
  });

  it("is reported with its exit code and its last lines on stderr", async () => {
    await expect(send(connect(), "crash").result).rejects.toThrow(
      /^The server ".*" exited with code 3; its last output was:\ncannot find the otters$/,
    );
  });

  it("is restarted a limited number of times", async () => {
    const args = [script, "--crash-at-once"];
    const transport = connect({ restarts: { max: 2, delayMs: 1 } }, { args });
    for (let exit = 0; exit < 3; exit += 1) {
      await expect(send(transport, "echo").result).rejects.toThrow("exited with code 2");
    }
    await expect(send(transport, "echo").result).rejects.toThrow(
      /exited more than 2 times within 30 s\. .* exited with code 2; .*\n.*no configuration/,
    );
  });

  it("is stopped when it closes its stdout but does not exit", async () => {
    await expect(send(connect(), "close stdout").result).rejects.toEqual(failure("closed"));
  });
});

describe("starting a server", () => {
  it.each([
    ["a program that does not exist", { command: "no-such-otter" }, "install it"],
    ["a path that does not exist", { command: "/no/such/otter" }, "check the path"],
    ["a file that is not a program", { command: script }, "it is not executable; check"],
    ["a directory that does not exist", { cwd: "/no/such/directory" }, '"/no/such/directory"'],
  ])("fails for %s and names the remedy", async (_what, command, remedy) => {
    const { result } = send(connect({}, command), "echo");
    await expect(result).rejects.toEqual(failure("closed"));
    await expect(result).rejects.toThrow(remedy);
  });

  it("passes on the directory, the given variables, and no secrets", async () => {
    vi.stubEnv("LUTRA_SECRET", "secret");
    const command = { cwd: tmpdir(), env: { GIVEN: "yes" } };
    const { env, cwd } = await send(connect({}, command), "environment").result;
    vi.unstubAllEnvs();
    expect(env).toMatchObject({ GIVEN: "yes", PATH: process.env.PATH });
    expect(env).not.toHaveProperty("LUTRA_SECRET");
    expect(cwd).toBe(tmpdir());
  });

  it("inherits stderr by default", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const transport = connect({ stderr: "inherit" });
    await send(transport, "noise").result;
    await transport.close();
    const written = write.mock.calls.map(([chunk]) => Buffer.from(chunk as Uint8Array)).join("");
    write.mockRestore();
    expect(written).toContain("a line for people\n");
    expect(written).toContain("Debugger attached\n");
  });

  it.each([
    { closeTimeoutMs: -1 },
    { probeTimeoutMs: -1 },
    { maxLineBytes: 0 },
    { restarts: { max: -1 } },
  ])("refuses %o", (options) => {
    expect(() => connect(options)).toThrow(TypeError);
  });
});

describe("closing a stdio transport", () => {
  /** Returns true for a process that has not ended, also if its parent has not collected it. */
  const isRunning = (pid: number) => {
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" });
    return /^[^Z\s]/.test(stdout);
  };

  it("closes the input, rejects the requests in flight and waits for the exit", async () => {
    const transport = connect({ closeTimeoutMs: 60_000 });
    const hanging = await hang(transport);
    const { pid = 0 } = transport;
    await Promise.all([transport.close(), transport.close()]);
    expect(isRunning(pid)).toBe(false);
    expect(transport.pid).toBeUndefined();
    await expect(hanging.result).rejects.toThrow("The transport was closed");
    await expect(send(transport, "echo").result).rejects.toEqual(failure("closed"));
  });

  it("kills a server that ignores the end of its input and SIGTERM", async () => {
    const lines: string[] = [];
    const args = [script, "--stubborn"];
    const stderr = (line: string) => lines.push(line);
    const transport = connect({ closeTimeoutMs: 100, stderr }, { args });
    await send(transport, "echo").result;
    const { pid = 0 } = transport;
    await transport.close();
    expect(lines).toEqual(["SIGTERM is ignored"]);
    expect(isRunning(pid)).toBe(false);
  });

  const quoted = (...words: string[]) => words.map((word) => `'${word}'`).join(" ");

  it.skipIf(process.platform === "win32")(
    "ends a server behind a shell (needs POSIX)",
    async () => {
      const line = `${quoted(process.execPath, script, "--stubborn")}; exit`;
      const command = { command: "sh", args: ["-c", line] };
      const transport = connect({ closeTimeoutMs: 100 }, command);
      const { pid } = await send(transport, "pid").result;
      expect(pid).not.toBe(transport.pid);
      expect(isRunning(Number(pid))).toBe(true);
      await transport.close();
      await vi.waitFor(() => expect(isRunning(Number(pid))).toBe(false));
    },
  );

  it.skipIf(process.platform === "win32")(
    "ends what a server has left behind that exited by itself (needs POSIX)",
    async () => {
      const lines: string[] = [];
      const line = `${quoted(process.execPath, script, "--stubborn")} </dev/null >/dev/null & echo $! >&2; exec ${quoted(process.execPath, script)}`;
      const stderr = (text: string) => lines.push(text);
      const transport = connect(
        { closeTimeoutMs: 100, stderr },
        { command: "sh", args: ["-c", line] },
      );
      await expect(send(transport, "crash").result).rejects.toThrow("exited with code 3");
      await transport.close();
      const left = Number(lines[0]);
      expect(left).toBeGreaterThan(0);
      await vi.waitFor(() => expect(isRunning(left)).toBe(false));
    },
  );

  it("stops a server that is about to start", async () => {
    const transport = connect();
    const { result } = send(transport, "echo");
    await transport.close();
    await expect(result).rejects.toEqual(failure("closed"));
    expect(transport.pid).toBeUndefined();
  });

  it("does not wait for a delayed restart", async () => {
    const args = [script, "--crash-at-once"];
    const transport = connect({ restarts: { delayMs: 60_000 } }, { args });
    await expect(send(transport, "echo").result).rejects.toThrow();
    await expect(send(transport, "echo").result).rejects.toThrow();
    const { result } = send(transport, "echo");
    await transport.close();
    await expect(result).rejects.toThrow("The transport was closed");
  });

  it("does nothing for a server that was never started", async () => {
    const transport = connect();
    await transport.close();
    await expect(send(transport, "echo").result).rejects.toEqual(failure("closed"));
    expect(transport.pid).toBeUndefined();
  });
});
