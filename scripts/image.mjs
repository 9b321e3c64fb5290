/**
 * `npm run test:image`: builds the image of examples/deployment, checks its contents, and runs
 * compose.yaml with it. Writes the results to test/image/latest.md. Takes some minutes.
 *
 * Needs root on Linux, network namespaces and packages of Debian 12 or newer, which it installs:
 * Podman and what it needs, debootstrap, and Docker Compose 2. No registry of images is needed: local
 * stand-ins have the names of the images that the files use. They are kept in the cache folder.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { published } from "./freshness.mjs";
import { nodeOf } from "./node-versions.mjs";
import {
  installPackage,
  node,
  npm,
  requireNode,
  requireScript,
  requireStep,
  root,
  runHere,
} from "./steps.mjs";

/** The packages of Debian, and a file by which each is found. */
const packages = {
  podman: "/usr/bin/podman",
  crun: "/usr/bin/crun",
  netavark: "/usr/lib/podman/netavark",
  "aardvark-dns": "/usr/lib/podman/aardvark-dns",
  catatonit: "/usr/bin/catatonit",
  debootstrap: "/usr/sbin/debootstrap",
  iproute2: "/usr/sbin/ip",
  iptables: "/usr/sbin/iptables",
  openssl: "/usr/bin/openssl",
};

const composePlugins = ["/usr/libexec", "/usr/lib", "/usr/local/lib"].map((folder) =>
  join(folder, "docker/cli-plugins/docker-compose"),
);

const cache = join(root, "node_modules/.cache/lutra/image");

requireNode();
if (process.platform !== "linux" || process.getuid() !== 0) {
  refuse("expected Linux and root: containers with their own networks are started");
}
await requireScript("setup.mjs");
mkdirSync(cache, { recursive: true });
await requirePackages();
const scratch = mkdtempSync(join(tmpdir(), "lutra-image-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
process.env.LUTRA_IMAGE = JSON.stringify({
  cache,
  scratch,
  published,
  compose: await compose(),
  node: await nodeOf("24"),
  npm: await npmFolder(),
  registry: spawnSync(...parts(npm("config", "get", "registry"))).stdout.trim(),
});
await pack();
const program = (name) => node("--import", "tsx", `test/image/${name}.ts`);
const built = await runHere(["unshare", "--mount", ...program("build")]);
if (built !== 0) process.exit(built);
process.exit(await runHere(["unshare", "--mount", "--net", ...program("up")]));

/** Ends the process with 2, because nothing was tested. */
function refuse(reason) {
  console.error(`test:image: ${reason}. Nothing was tested.`);
  process.exit(2);
}

async function requirePackages() {
  const missing = Object.keys(packages).filter((name) => !existsSync(packages[name]));
  if (missing.length === 0) return;
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...missing];
  if (!existsSync("/usr/bin/apt-get")) refuse(`expected the programs of ${missing.join(", ")}`);
  await requireStep("updating the list of Debian packages", ["apt-get", "update", "-qq"]);
  await requireStep(`installing ${missing.join(", ")}`, install, {
    remedy: `Once the mirror of Debian can be reached, run: ${install.join(" ")}`,
  });
}

/** Resolves to the path of Docker Compose 2. Debian 12 has only version 1, so 13 is asked for it. */
async function compose() {
  const installed = [...composePlugins, join(cache, "compose", composePlugins[0])].find(existsSync);
  if (installed !== undefined) return installed;
  const folder = join(cache, "compose");
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const source = `deb [signed-by=${keys}] ${mirror()} trixie main\n`;
  writeFileSync(join(folder, "sources.list"), source);
  const settings = [`SourceList=${folder}/sources.list`, "SourceParts=-"];
  const options = [
    ...settings.flatMap((setting) => ["-o", `Dir::Etc::${setting}`]),
    ...["-o", `Dir::State::Lists=${folder}/lists`, "-o", "APT::Sandbox::User=root"],
  ];
  const shell = (text) => ["sh", "-c", text];
  const fetchIt = `apt-get ${options.join(" ")} update -qq && apt-get ${options.join(" ")} download docker-compose`;
  await requireStep("downloading Docker Compose", shell(fetchIt), { cwd: folder });
  await requireStep("unpacking it", shell("dpkg -x docker-compose_*.deb ."), { cwd: folder });
  return join(folder, composePlugins[0]);
}

/** Returns the URL of the mirror of Debian that this machine uses. */
function mirror() {
  const list = ["apt-get", "indextargets", "--format", "$(REPO_URI)"];
  const urls = spawnSync(...parts(list))
    .stdout.trim()
    .split("\n");
  return (
    urls.find((url) => url.endsWith("/debian/")) ??
    refuse("expected a mirror of Debian for apt-get")
  );
}

/** Resolves to the folder of an npm for the base image, whose Node package contains none. */
async function npmFolder() {
  const folder = join(cache, "npm");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  await installPackage("installing npm for the image", folder, "npm@11");
  return join(folder, "node_modules/npm");
}

async function pack() {
  for (const name of published) {
    const flags = ["--ignore-scripts", "--pack-destination", scratch];
    await requireStep(`packing ${name}`, npm("pack", ...flags), {
      cwd: join(root, "packages", name),
    });
  }
}

function parts([command, ...args]) {
  return [command, args, { cwd: root, encoding: "utf8" }];
}
