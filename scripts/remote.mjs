/**
 * `npm run test:remote`: sets up, then signs in with `mcp-remote` to a protected server and to a gateway.
 * npm installs it into the cache folder.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/matrix/protected.ts"));
