/**
 * `npm run migrate:matrix`: downloads ten servers from npm and compares the report of `lutra migrate`
 * about each with its table in `test/migrate/reports`. `-- --write` writes the tables.
 */
import { handOver, node, requireNode, requireScript } from "./steps.mjs";

requireNode();
await requireScript("setup.mjs");
await handOver(node("--import", "tsx", "test/migrate/run-matrix.ts", ...process.argv.slice(2)));
