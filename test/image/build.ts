/** Builds the image of examples/deployment as it is, and with a lock file, and checks its contents. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, requireEqual } from "./checks.ts";
import { context, podman, prepared, preparePodman, run, runBeside } from "./podman.ts";
import { startRegistry } from "./registry.ts";
import { build, createStandIns } from "./stand-ins.ts";

const root = join(import.meta.dirname, "../..");
const image = "localhost/shopping-server";
const base = "localhost/node:24-slim";
/** A package that only development needs, so that a test can see that it is not installed. */
const development = "create-lutra";
const maxMegabytes = 50;

preparePodman();
await createStandIns();
const registry = await startRegistry(prepared.published.map(packed), prepared.registry);
const npmrc = join(prepared.scratch, "npmrc");
writeFileSync(npmrc, `registry=${registry.url}\n`);
cpSync(join(root, "examples/deployment"), context, { recursive: true });
mkdirSync(join(context, "secrets"));

await check("`docker compose config`", () => {
  run(prepared.compose, ["config", "--quiet"], context);
  return run(prepared.compose, ["version", "--short"]);
});
await check("the image is built as it is, with `npm install`", () => buildImage("added"));
await check("and with a package-lock.json, with `npm ci`", async () => {
  const file = join(context, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const devDependencies = { [development]: "^0.1.0" };
  writeFileSync(file, JSON.stringify({ ...manifest, devDependencies }));
  const lock = ["install", "--package-lock-only", "--ignore-scripts", "--registry", registry.url];
  await runBeside("npm", lock, context);
  const built = await buildImage("added");
  requireEqual("versions", installedVersions(), lockedVersions());
  return built;
});
await check("the user is not root and can't write to /app", () => {
  requireEqual("user", inImage("id -un"), "node");
  requireEqual("writable files", inImage("find /app -writable -not -type l"), "");
  return inImage("id");
});
await check(
  "the image contains the files of the Dockerfile, and no secrets, tests or caches",
  () => {
    const files = "gateway.ts healthcheck.mjs node_modules package-lock.json package.json";
    requireEqual(
      "/app",
      inImage("ls /app").split("\n").join(" "),
      `${files} secrets.ts server.ts start.ts`,
    );
    const own = "/app/node_modules/lutra /app/node_modules/@lutra";
    requireEqual("tests", inImage(`find ${own} -name '*.test.*'`), "");
    // The volume with the settings of npm leaves an empty file at its place.
    const kept = "-not -name '.bash*' -not -name .profile";
    const caches = `find /root /tmp /home/node -type f -size +0 ${kept}`;
    requireEqual("caches", asRoot(caches), "");
    return "8 entries";
  },
);
await check("its programs have no dependency for development", () => {
  requireEqual(development, inImage(`ls /app/node_modules | grep -c ${development} || true`), "0");
  requireEqual("problems", JSON.parse(inImage("npm ls --all --json")).problems ?? [], []);
  return `${installedVersions().length} packages`;
});
await check(`it adds at most ${maxMegabytes} MB to its base image`, () => {
  const megabytes = (sizeOf(image) - sizeOf(base)) / 1e6;
  if (megabytes > maxMegabytes) throw new Error(`it adds ${megabytes.toFixed(1)} MB`);
  return `${megabytes.toFixed(1)} MB`;
});
podman("tag", image, "localhost/shopping-gateway");
registry.close();

function packed(name: string) {
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  const file = manifest.name.replace("@", "").replace("/", "-");
  return { manifest, tarball: join(prepared.scratch, `${file}-${manifest.version}.tgz`) };
}

/** Builds the image with the registry from outside; returns the line of npm that contains a word. */
async function buildImage(word: string): Promise<string> {
  const output = await build(
    image,
    context,
    "Dockerfile",
    "--no-cache",
    "--volume",
    `${npmrc}:/root/.npmrc:ro`,
  );
  return output.split("\n").find((line) => line.includes(word)) ?? "";
}

function inImage(command: string): string {
  return podman("run", "--rm", "--network", "none", image, "sh", "-c", command);
}

function asRoot(command: string): string {
  return podman("run", "--rm", "--network", "none", "--user", "0", image, "sh", "-c", command);
}

function installedVersions(): readonly string[] {
  return versionsOf(JSON.parse(inImage("cat /app/node_modules/.package-lock.json")));
}

function lockedVersions(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(context, "package-lock.json"), "utf8"));
  const needed = Object.entries<Locked>(packages).filter(
    ([path, { dev, optional, devOptional }]) => path !== "" && !dev && !optional && !devOptional,
  );
  return versionsOf({ packages: Object.fromEntries(needed) });
}

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

function versionsOf(lock: { readonly packages: { readonly [path: string]: Locked } }) {
  const required = Object.entries(lock.packages).filter(([, { optional }]) => !optional);
  return required.map(([path, { version }]) => `${path}@${version}`).sort();
}

function sizeOf(name: string): number {
  return Number(podman("image", "inspect", "--format", "{{.Size}}", name));
}
