/** A full file system of the access log. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import type { Form } from "../part.ts";
import { ask, call } from "./asking.ts";
import { type Observation, tally } from "./attack.ts";
import { type AttackedGateway, type AttackedOptions, attackGateway } from "./attacked-gateway.ts";

/** Sends requests while the access log can't be written, then ends the gateway. */
export async function fillDisk(form: Form, options?: AttackedOptions): Promise<Observation> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-disk-"));
  const isMounted = mount(folder);
  const file = isMounted ? join(folder, "access.log") : "/dev/full";
  const upstream = await startRecordingUpstream("recording");
  const count = form === "short" ? 300 : 2000;
  try {
    const config = { log: { file }, upstreams: { only: { url: upstream.url } } };
    const attack = async (gateway: AttackedGateway): Promise<Observation> => {
      const statuses: number[] = [];
      while (statuses.length < count) {
        const some = Array.from({ length: 50 }, () => ask(gateway.url, call("who")));
        statuses.push(...(await Promise.all(some)).map(({ status }) => status));
      }
      // Lines are written within 250 ms.
      await delay(600);
      const lost = await gateway.metric("lutra_gateway_log_lines_lost_total");
      const code = await gateway.end();
      const torn = isMounted ? tornLinesIn(file) : 0;
      const where = isMounted ? "a file system of 64 kB" : "/dev/full (no right to mount)";
      return {
        observed: `${where}: ${tally(statuses)}, ${lost} lines lost, ${torn} torn, exit code ${code}`,
        isHeld: statuses.every((one) => one === 200) && lost > 0 && torn === 0 && code === 0,
      };
    };
    return await attackGateway(config, attack, options);
  } finally {
    await upstream.close();
    if (isMounted) execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mounts a small file system, if this user may. */
function mount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    if (existsSync("/dev/full")) return false;
    throw new Error("not run: needs the right to mount, or /dev/full");
  }
}

function tornLinesIn(file: string): number {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.filter((line) => !line.startsWith("{") || !line.endsWith("}")).length;
}
