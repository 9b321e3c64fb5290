#!/usr/bin/env node
import { existsSync } from "node:fs";

const program = new URL("../dist/main.js", import.meta.url);
if (existsSync(program)) {
  const { main } = await import(program.href);
  // A server module may leave timers behind that would keep this process from ending.
  process.exit(await main(process.argv.slice(2)));
}
console.error("lutra: not built yet; run this first: npm run setup");
process.exit(1);
