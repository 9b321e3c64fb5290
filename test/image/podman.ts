/** Podman with settings and a store of its own, so that images and networks of others stay untouched. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** The paths that scripts/image.mjs has prepared. */
interface Prepared {
  /** Kept between runs: the stand-ins of images. */
  readonly cache: string;
  /** Removed after the run. Contains the packed packages. */
  readonly scratch: string;
  readonly compose: string;
  /** The folders of packages/ whose packages are published. */
  readonly published: readonly string[];
  readonly node: string;
  readonly npm: string;
  readonly registry: string;
}

const maxOutput = 64 * 1024 * 1024;

export const prepared: Prepared = JSON.parse(process.env.LUTRA_IMAGE ?? "{}");
/** The copy of examples/deployment from which the image is built. */
export const context = join(prepared.scratch, "shopping");
/** The greatest number of open files that a process may have here. */
export const maxFiles = Number(shell("ulimit -Hn"));

const settings = {
  CONTAINERS_STORAGE_CONF: `[storage]
driver = "overlay"
graphroot = "${join(prepared.cache, "store")}"
runroot = "${join(prepared.scratch, "run")}"
`,
  // Names without a host are those of the stand-ins, also for Docker Compose.
  CONTAINERS_REGISTRIES_CONF: 'unqualified-search-registries = ["localhost"]\n',
  // Limits that this machine allows, and no control groups, which need more rights in a namespace.
  CONTAINERS_CONF: `[containers]
default_ulimits = ["nofile=${maxFiles}:${maxFiles}", "nproc=32768:32768"]
cgroups = "disabled"
[engine]
cgroup_manager = "cgroupfs"
compat_api_enforce_docker_hub = false
events_logger = "file"
runtime = "crun"
[network]
network_backend = "netavark"
network_config_dir = "${join(prepared.scratch, "networks")}"
`,
};

/** Prepares this process, which has a mount namespace of its own, for `podman`. */
export function preparePodman(): void {
  for (const [variable, text] of Object.entries(settings)) {
    const file = join(prepared.scratch, `${variable}.conf`);
    writeFileSync(file, text);
    process.env[variable] = file;
  }
  // The name server of networks has its state here. One of a killed run would answer for all later ones.
  mkdirSync("/run/containers", { recursive: true });
  run("mount", ["-t", "tmpfs", "tmpfs", "/run/containers"]);
  // crun needs one tree of control groups. Older machines have a folder for each controller.
  if (!existsSync("/sys/fs/cgroup/cgroup.controllers")) {
    run("mount", ["-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"]);
  }
}

/** Runs Podman. Returns its output; throws with the end of it when Podman fails. */
export function podman(...args: readonly string[]): string {
  return run("podman", args);
}

/** Runs a program. Returns its output; throws with the end of it when the program fails. */
export function run(program: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: maxOutput,
  });
  if (status === 0) return stdout.trim();
  const output = `${stdout}${stderr}${error ?? ""}`.trimEnd().split("\n").slice(-20).join("\n");
  throw new Error(`${program} ${args.slice(0, 3).join(" ")} failed: ${output}`);
}

/** Like `run`, while this process also answers requests. */
export async function runBeside(
  program: string,
  args: readonly string[],
  cwd?: string,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], { cwd, maxBuffer: maxOutput });
  return stdout.trim();
}

function shell(text: string): string {
  return run("sh", ["-c", text]);
}
