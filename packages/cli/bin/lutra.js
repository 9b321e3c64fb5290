#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const needed = engines.node.replace(">=", "");
if (!isAtLeast(process.versions.node, needed)) {
  console.error(`lutra: Node ${needed} or newer is needed; this is Node ${process.versions.node}`);
  process.exit(1);
}

const program = new URL("../dist/main.js", import.meta.url);
if (existsSync(program)) {
  // An older Node can't load this module, so it is imported after the check.
  const { main } = await import(program.href);
  // A server module may leave timers behind that would keep this process from ending.
  process.exit(await main(process.argv.slice(2)));
}
console.error("lutra: not built yet; run this first: npm run setup");
process.exit(1);

function isAtLeast(version, minimum) {
  const [major, minor] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = minimum.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
