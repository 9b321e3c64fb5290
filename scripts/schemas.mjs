/**
 * `npm run test:schemas`: sets up, then passes schemas of several versions of zod to Lutra, among them
 * those that offer no JSON Schema. npm installs them into the cache folder.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/schemas/run.ts"));
