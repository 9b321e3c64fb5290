/**
 * `npm run test:docs`: sets up, then compiles and runs the blocks of the documents whose packages are
 * too large for `npm run setup`. npm installs them into `.lutra/installed-docs` (FastMCP, 100 MB) and
 * into its own cache (the MCP Inspector). Takes a minute or two.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/docs/installed/run.ts"));
