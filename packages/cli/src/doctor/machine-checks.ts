/** The checks of this machine and of the project in the working directory. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { version } from "../own-version.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** The packages of this repository, which must have one version. */
const ownPackages = ["lutra", "@lutra/gateway", "@lutra/stores", "@lutra/migrate"];

/** Returns the findings about Node, the installed packages and the environment. */
export function checkMachine(): readonly Finding[] {
  return [checkNode(process.versions.node), ...checkPackages(), ...checkProxyVariables()];
}

/** Checks a version of Node against the one that the packages need. */
export function checkNode(node: string): Finding {
  const { ok, problem } = findingsOf("node");
  const [major = 0, minor = 0] = node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok(`Node ${node}`);
  return problem(`Node ${node} is too old`, "install Node 20.19 or newer");
}

function checkPackages(): readonly Finding[] {
  const { ok, problem } = findingsOf("packages");
  const found = ownPackages.map((name) => [name, installedVersion(name)] as const);
  const installed = found.filter(([, own]) => own !== undefined);
  const others = installed.filter(([, own]) => own !== version);
  const all = [`@lutra/cli ${version}`, ...installed.map(([name, own]) => `${name} ${own}`)];
  const mixed =
    others.length === 0
      ? ok(all.join(", "))
      : problem(
          `the packages have different versions: ${all.join(", ")}`,
          `npm install ${others.map(([name]) => `${name}@${version}`).join(" ")}`,
        );
  return [mixed, ...checkZod(installedVersion("zod"))];
}

/** Checks the schema library that most servers use. Others need no check. */
export function checkZod(zod: string | undefined): readonly Finding[] {
  if (zod === undefined) return [];
  const { ok, problem } = findingsOf("zod");
  const [major = 0, minor = 0] = zod.split(".").map(Number);
  if (major > 4 || (major === 4 && minor >= 2)) return [ok(`zod ${zod}`)];
  return [
    problem(
      `zod ${zod} offers no JSON Schema to Lutra`,
      "npm install zod@^4.2, or pass JSON Schema",
    ),
  ];
}

/** Node ignores these variables, while other programs on the machine use the proxy. */
function checkProxyVariables(): readonly Finding[] {
  const { env } = process;
  const set = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"].find((name) => env[name]);
  if (set === undefined || env.NODE_USE_ENV_PROXY === "1") return [];
  const { warning } = findingsOf("proxy");
  return [
    warning(
      `${set} is set, and Node does not use it`,
      "set NODE_USE_ENV_PROXY=1 (Node 24 and newer), or connect directly",
    ),
  ];
}

/** Returns the version of a package as the project in the working directory finds it. */
function installedVersion(name: string): string | undefined {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
      return String(JSON.parse(text).version);
    } catch {
      if (folder === dirname(folder)) return undefined;
    }
  }
}
