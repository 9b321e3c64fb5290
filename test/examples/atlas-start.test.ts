/** `npm start`, but for what it installs and builds. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const running = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of running) child.kill("SIGTERM");
  await Promise.all([...running].map((child) => once(child, "close")));
});

const root = fileURLToPath(new URL("../..", import.meta.url));

function start(...args: readonly string[]) {
  const program = ["--import", "tsx", "examples/atlas/start.ts", ...args];
  const child = spawn(process.execPath, program, { cwd: root });
  running.add(child);
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const check of waiting) check();
    });
  }
  const closed = once(child, "close").then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    child,
    closed,
    output: () => output,
    /** Resolves once the output has the text. */
    until: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const check = () => {
          if (output.includes(text)) resolve();
        };
        waiting.add(check);
        check();
        void closed.then(() => reject(new Error(output)));
      }),
  };
}

describe("npm start", () => {
  let atlas: ReturnType<typeof start>;

  beforeAll(async () => {
    atlas = start("--port", "0");
    await atlas.until("npx lutra up my-server.ts");
  });

  it("walks through the protocol", () => {
    const output = atlas.output();
    expect(output.match(/^ ?\d+ {2}.*?(?= \.{3})/gm)).toHaveLength(16);
    expect(output).toMatch(/List the tools again \.+ nothing sent/);
    expect(output).toMatch(/Search for three cities \.+ replicas \d, \d, \d/);
    // Where lines break depends on the numbers in them.
    const text = output.replace(/\s+/g, " ");
    expect(text).toMatch(/Replica \d asked .* and replica \d finished/);
    expect(text).toMatch(/After \d+\.\d s the replica was back/);
    expect(text).toMatch(/Sign in to a protected server \.+ a protected atlas/);
    expect(text).toContain("“Forbidden: requires the scope trips:write” (403)");
    expect(text).toContain("asked ann for places:read trips:write");
    expect(text).toMatch(/was killed in leg \d of 5\. Replica \d took over/);
  });

  it("prints a command that explains a route", async () => {
    const [, command = ""] = atlas.output().match(/^npx lutra (gateway routes .*)$/m) ?? [];
    const program = ["packages/cli/bin/lutra.js", ...command.split(" ")];
    const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root });
    expect(stdout).toContain("=> to atlas (3 processes of a module)");
  });

  it.skipIf(!hasCurl)("prints a curl command that works (needs curl)", async () => {
    const [command = ""] = atlas.output().match(/^curl .*?'$(?=\n\n)/ms) ?? [];
    const { stdout } = await promisify(execFile)("sh", ["-c", command]);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(stdout).toMatch(/^x-lutra-replica: \d/m);
    expect(stdout).toContain('"name":"Kyoto"');
  });

  it("restarts a replica that the user kills", async () => {
    const [, pid] = atlas.output().match(/^kill -9 (\d+)$/m) ?? [];
    process.kill(Number(pid), "SIGKILL");
    await atlas.until("is ready again, pid ");
    const [, newPid] = atlas.output().match(/is ready again, pid (\d+)$/m) ?? [];
    expect(Number(newPid)).toBeGreaterThan(0);
    expect(newPid).not.toBe(pid);
  });

  it("ends everything on Ctrl-C", async () => {
    atlas.child.kill("SIGINT");
    expect(await atlas.closed).toBe(0);
    expect(atlas.output()).toMatch(/The fleet has ended\.\n$/);
  });
});

it("uses the next port when its own is in use, and exits after the walk with --exit", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { closed, output } = start("--port", String(port), "--exit");
  expect(await closed, output()).toBe(0);
  expect(output()).toContain(`Port ${port} is in use; trying ${Number(port) + 1}.`);
  other.close();
}, 240_000);

it("ends with the fleet when its output is no longer read", async () => {
  const { child, closed, output, until } = start("--port", "0");
  await until(" answers after ");
  const [, url = ""] = output().match(/^(http:\S+) answers after/m) ?? [];
  child.stdout.destroy();
  expect(await closed).toBe(141);
  await expect(fetch(url)).rejects.toThrow();
});

it.each(["SIGHUP", "SIGTERM"] as const)("ends with the fleet on %s", async (signal) => {
  const { child, closed, output, until } = start("--port", "0");
  await until(" answers after ");
  const [, url = ""] = output().match(/^(http:\S+) answers after/m) ?? [];
  child.kill(signal);
  expect(await closed).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

it("can be called off before the fleet answers", async () => {
  const { child, closed, until } = start("--port", "0");
  await until("npx lutra gateway");
  child.kill("SIGTERM");
  expect(await closed).toBe(0);
});
