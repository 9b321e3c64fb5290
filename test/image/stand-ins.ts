/** Local images with the names of those that the files of examples/deployment use. */
import { copyFileSync, cpSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { podman, prepared, run, runBeside } from "./podman.ts";

const label = "org.lutra.stand-in=2";
const library = "localhost";
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Creates the images, unless the store has them. */
export async function createStandIns(): Promise<void> {
  const found = podman("images", "--filter", `label=${label}`, "--format", "{{.Repository}}");
  const names = new Set(found.split("\n"));
  if (!names.has(`${library}/node`)) createNode();
  if (!names.has(`${library}/postgres`) || !names.has(`${library}/redis`)) await createServices();
}

/** Creates `node:24-slim`: Debian, Node, npm, and the user `node`, as in the official image. */
function createNode(): void {
  const folder = join(prepared.scratch, "rootfs");
  console.log("debootstrap, which takes a minute or more ...");
  run("debootstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", folder]);
  run("chroot", [folder, "groupadd", "--gid", "1000", "node"]);
  const user = ["--uid", "1000", "--gid", "node", "--shell", "/bin/bash", "--create-home", "node"];
  run("chroot", [folder, "useradd", ...user]);
  const local = join(folder, "usr/local");
  copyFileSync(prepared.node, join(local, "bin/node"));
  cpSync(prepared.npm, join(local, "lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"]) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
  }
  for (const unused of ["var/cache/apt/archives", "var/lib/apt/lists"]) {
    rmSync(join(folder, unused), { recursive: true });
  }
  const archive = `${folder}.tar`;
  run("tar", ["-C", folder, "-cf", archive, "."]);
  rmSync(folder, { recursive: true });
  const changes = ['CMD ["node"]', `ENV ${path}`, `LABEL ${label}`];
  const flags = changes.flatMap((change) => ["--change", change]);
  podman("import", "--quiet", ...flags, archive, `${library}/node:24-slim`);
  rmSync(archive);
}

/** Creates `postgres:17` and `redis:8` from one image with the packages of Debian. */
async function createServices(): Promise<void> {
  const base = "localhost/lutra-services";
  await build(base, join(import.meta.dirname, "services"), "Containerfile");
  const commands = { "postgres:17": "postgres.sh", "redis:8": "redis-server" };
  for (const [name, command] of Object.entries(commands)) {
    const file = join(prepared.scratch, "Containerfile");
    writeFileSync(file, `FROM ${base}\nCMD ["/usr/local/bin/${command}"]\n`);
    await build(`${library}/${name}`, prepared.scratch, "Containerfile");
  }
}

/** Builds an image without a runtime of containers, in the network of this machine. */
export function build(
  name: string,
  folder: string,
  file: string,
  ...flags: readonly string[]
): Promise<string> {
  const how = ["--isolation", "chroot", "--network", "host", ...flags];
  const what = ["--tag", name, "--file", join(folder, file), folder];
  return runBeside("podman", ["build", ...how, ...what]);
}
