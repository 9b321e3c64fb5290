/**
 * `npm run test:pages`: sets up, then tests all pages in Chromium: the console, apps in their hosts, and sign-ins.
 * Takes about 5 minutes. `npm test` runs a part of these tests.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
const vitest = node("node_modules/vitest/vitest.mjs", "run", "--project", "pages");
await handOver([...vitest, ...process.argv.slice(2)]);
