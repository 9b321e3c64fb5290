/** Runs compose.yaml in a network of its own: the gateway, three replicas, Postgres and Redis. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "lutra/client";
import { check, requireEqual, writeTable } from "./checks.ts";
import { context, maxFiles, podman, prepared, preparePodman, run } from "./podman.ts";

const endpoint = "http://127.0.0.1:3000/mcp";
const checkEveryMs = 5000;
const own = ["gateway", "server"];

run("ip", ["link", "set", "lo", "up"]);
preparePodman();
const socket = `unix://${join(prepared.scratch, "podman.sock")}`;
process.env.DOCKER_HOST = socket;
const engine = spawn("podman", ["system", "service", "--time", "0", socket], { stdio: "ignore" });
const files = ["--file", "compose.yaml", ...limits()];
const isOver = new AbortController();

// A run that was killed leaves its containers and volumes in the store.
podman("rm", "--all", "--force", "--volumes");
podman("volume", "prune", "--force");
podman("network", "prune", "--force");

try {
  createSecrets();
  await Promise.race([runChecks(), runHealthChecks()]);
} catch (error) {
  console.error(logs());
  throw error;
} finally {
  isOver.abort();
  compose("down", "--volumes", "--timeout", "5");
  engine.kill();
}
writeTable(
  `${run("podman", ["--version"])} and Docker Compose ${run(prepared.compose, ["version", "--short"])}`,
);
process.exit(0);

async function runChecks(): Promise<void> {
  await check("`docker compose up --wait`", async () => {
    await composeAsync("up", "--detach", "--no-build", "--wait");
    return states().join(", ");
  });
  await check("no program of ours runs as root", () => {
    const users = own.map((name) => compose("exec", "-T", name, "id", "-un"));
    requireEqual("users", users, ["node", "node"]);
    return "node";
  });
  await check("a call through the gateway, with state in Postgres and an input request", items);
  await check("a caller without a token is refused", async () => {
    const client = createClient(endpoint);
    const refusal = await client.callTool("start_list").catch((error: Error) => error.message);
    await client.close();
    if (typeof refusal !== "string") throw new Error("expected a refusal");
    return refusal.split(":")[0] ?? "";
  });
  await check("only the gateway has a published port", () => {
    const ports = podman("ps", "--format", "{{.Ports}}").split("\n").filter(Boolean);
    requireEqual("ports", ports, ["127.0.0.1:3000->3000/tcp"]);
    return ports.join();
  });
  await check("the gateway balances the replicas of the service", () => replicas("3"));
  await check("calls continue without one replica", async () => {
    podman("stop", "--time", "20", "shopping-server-2");
    return items();
  });
  await check("`docker compose up --scale server=5` needs no restart of the gateway", async () => {
    const scale = ["--no-recreate", "--scale", "server=5"];
    await composeAsync("up", "--detach", "--no-build", "--wait", ...scale);
    return replicas("5");
  });
  await check("each program ends by itself within its time on `docker compose stop`", async () => {
    await composeAsync("stop");
    const ended = podman("ps", "--all", "--format", "{{.Names}} {{.ExitCode}}").split("\n");
    const failed = ended.filter(
      (line) => /-(?:server|gateway)-/.test(line) && !line.endsWith(" 0"),
    );
    requireEqual("programs that did not exit with 0", failed, []);
    return "exit code 0";
  });
}

/** Omits the limit of open files that this machine does not allow. Everything else is unchanged. */
function limits(): readonly string[] {
  if (maxFiles >= 65_536) return [];
  const file = join(prepared.scratch, "limits.yaml");
  const lines = own.map((name) => `  ${name}: { ulimits: !reset {} }\n`);
  writeFileSync(file, `services:\n${lines.join("")}`);
  return ["--file", file];
}

/** Runs the commands of docs/deployment.md that create the secrets. */
function createSecrets(): void {
  const page = readFileSync(join(import.meta.dirname, "../../docs/deployment.md"), "utf8");
  const commands = /```sh\nmkdir (secrets\n(?:[^`]+\n)*?)docker compose up/.exec(page)?.[1];
  if (commands === undefined) throw new Error("docs/deployment.md: expected the commands");
  run("sh", ["-ec", commands.replace(/^secrets\n/, "")], context);
}

function compose(...args: readonly string[]): string {
  return run(prepared.compose, [...files, ...args], context);
}

/** Like `compose`, while this process also runs health checks. */
function composeAsync(...args: readonly string[]): Promise<void> {
  const child = spawn(prepared.compose, [...files, ...args], {
    cwd: context,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`compose ${args[0]}: ${output.slice(-2000)}\n${logs()}`));
    });
  });
}

/** Docker does this by itself. Podman leaves it to systemd, which containers of a test don't have. */
async function runHealthChecks(): Promise<void> {
  while (!isOver.signal.aborted) {
    for (const name of podman("ps", "--quiet").split("\n").filter(Boolean)) {
      const child = spawn("podman", ["healthcheck", "run", name], { stdio: "ignore" });
      await new Promise((resolve) => child.once("close", resolve));
    }
    await delay(checkEveryMs, undefined, { ref: false }); // time: the interval of health checks
  }
}

function logs(): string {
  const names = podman("ps", "--all", "--quiet").split("\n").filter(Boolean);
  return names.map((name) => run("sh", ["-c", `podman logs --tail 20 ${name} 2>&1`])).join("\n");
}

function states(): readonly string[] {
  const lines = podman("ps", "--format", "{{.Names}} {{.Status}}").split("\n").sort();
  const healthy = lines.filter((line) => line.includes("(healthy)"));
  requireEqual("healthy", healthy, lines);
  requireEqual("number of containers", lines.length, 6);
  return healthy.map((line) => line.split(" ")[0]?.replace("shopping-", "") ?? "");
}

/** Starts a list, adds an item, and removes all after a confirmation; returns the items before that. */
async function items(): Promise<string> {
  const [, token] = readFileSync(join(context, "secrets/callers"), "utf8").trim().split(" ");
  const client = createClient(endpoint, {
    headers: { authorization: `Bearer ${token}` },
    onElicit: () => ({ action: "accept", content: { sure: true } }),
  });
  const { structuredContent: started } = await client.callTool("start_list");
  const { list_id } = started as { list_id: string };
  const added = await client.callTool("add_item", { list_id, item: "tea" });
  requireEqual("items", added.structuredContent, { items: ["tea"] });
  const { content } = await client.callTool("clear_list", { list_id });
  await client.close();
  requireEqual("content", content, [{ type: "text", text: "The list is empty" }]);
  return "tea; The list is empty";
}

/** Waits until the gateway has as many replicas that it uses; it resolves names every 30 seconds. */
async function replicas(wanted: string): Promise<string> {
  const script = "fetch('http://127.0.0.1:9464/metrics').then(r => r.text()).then(console.log)";
  for (let tries = 0; tries < 25; tries++) {
    const metrics = compose("exec", "-T", "gateway", "node", "-e", script);
    const lines = metrics.split("\n").filter((line) => line.startsWith("lutra_gateway_replicas{"));
    const up = lines.find((line) => line.includes('state="up"'))?.split(" ")[1];
    if (up === wanted) return `${up} up`;
    if (tries === 24) throw new Error(lines.join("\n"));
    await delay(2000); // time: the gateway resolves names on its own schedule
  }
  throw new Error("unreachable");
}
