/** The reasons other than Ctrl-C that end a command: closed output, and a closed terminal. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { startGatewayCommand } from "../gateway/start-gateway.ts";
import { callTool, messagesOf, send } from "./http.ts";
import { type RunningServer, startLutra } from "./run-lutra.ts";

const folder = fileURLToPath(new URL("fixtures", import.meta.url));
const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));
const hasScript = spawnSync("script", ["--version"]).status === 0;

describe("when its output is closed", () => {
  it("a fleet and its replicas end at the next line of the log", async () => {
    const fleet = await startLutra("up", "fleet-server.ts", "--log");
    fleet.child.stdout?.destroy();
    expect((await callTool(fleet.url, "pid")).status).toBe(200);
    expect(await fleet.exited).toBe(141);
    // Replicas inherit standard error, which closes when the last replica ends.
    await fleet.closed;
  });

  it("a fleet ends when one of its replicas prints", async () => {
    const fleet = await startLutra("up", "fleet-server.ts");
    fleet.child.stderr?.destroy();
    void callTool(fleet.url, "wait").catch(() => {});
    expect(await fleet.exited).toBe(141);
    await fleet.closed;
  });

  it("subscriptions still end gracefully", async () => {
    const fleet = await startLutra("up", "fleet-server.ts", "--log");
    const messages = await listen(fleet);
    fleet.child.stdout?.destroy();
    await callTool(fleet.url, "pid");
    expect((await messages.next()).value).toMatchObject({ result: { resultType: "complete" } });
    expect(await fleet.exited).toBe(141);
  });

  it("a gateway and its modules end", async () => {
    const gateway = await startGatewayCommand({
      listen: { port: 0 },
      admin: false,
      upstreams: { fleet: { module: `${folder}/fleet-server.ts`, replicas: 2 } },
    });
    gateway.child.stdout?.destroy();
    expect((await callTool(gateway.url, "pid")).status).toBe(200);
    expect(await gateway.exited).toBe(141);
    await gateway.closed;
  });
});

describe("SIGHUP", () => {
  it.each([
    ["up", ["fleet-server.ts"]],
    ["serve", ["plain-server.mjs"]],
  ] as const)("ends lutra %s gracefully", async (command, args) => {
    const lutra = await startLutra(command, ...args);
    const messages = await listen(lutra);
    lutra.child.kill("SIGHUP");
    expect((await messages.next()).value).toMatchObject({ result: { resultType: "complete" } });
    expect(await lutra.exited).toBe(0);
    await lutra.closed;
  });

  it.skipIf(!hasScript)(
    "ends a gateway whose terminal is closed (needs script, of util-linux)",
    async () => {
      const own = await startGatewayCommand({
        listen: { port: 0 },
        admin: false,
        upstreams: { absent: { url: "http://127.0.0.1:9/mcp" } },
      });
      const command = `echo pid $$; exec '${process.execPath}' '${program}' gateway '${own.file.path}'`;
      const terminal = spawn("script", ["-qec", command, "/dev/null"]);
      const lines = createInterface(terminal.stdout);
      let pid = 0;
      for await (const line of lines) {
        pid = Number(/^pid (\d+)/.exec(line)?.[1] ?? pid);
        if (line.startsWith("listening on")) break;
      }
      onTestFinished(() => {
        if (isRunning(pid)) process.kill(pid, "SIGKILL");
      });
      expect(isRunning(pid)).toBe(true);
      const closed = once(terminal, "close");
      terminal.kill("SIGKILL");
      await closed;
      await expect.poll(() => isRunning(pid), { timeout: 20_000 }).toBe(false);
    },
  );
});

/** Opens a subscription. Resolves to the messages after the acknowledgement. */
async function listen({ url }: RunningServer) {
  const params = { notifications: { toolsListChanged: true } };
  const messages = messagesOf(await send(url, "subscriptions/listen", params));
  await messages.next();
  return messages;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const canUnshare = spawnSync("unshare", ["--pid", "--fork", "true"]).status === 0;

describe.skipIf(!canUnshare)(
  "as process 1 of a container (needs unshare with the right to it)",
  () => {
    it.each([
      ["serve", "SIGTERM"],
      ["serve", "SIGINT"],
      ["up", "SIGTERM"],
    ] as const)("lutra %s ends at %s", async (command, signal) => {
      const server = command === "up" ? "fleet-server.ts" : "plain-server.mjs";
      const args = [process.execPath, program, command, server, "--port", "0"];
      const child = spawn("unshare", ["--pid", "--fork", "--kill-child", ...args], { cwd: folder });
      const exited = once(child, "exit");
      onTestFinished(() => void child.kill("SIGKILL"));
      const lines = createInterface({ input: child.stdout });
      for await (const line of lines) if (line.includes("listening on")) break;
      const [first] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(
        " ",
      );
      process.kill(Number(first), signal);
      expect(await exited).toEqual([0, null]);
    });
  },
);
