/**
 * Writes the table of deprecated features in docs/compatibility.md from their registry in the code:
 *
 *     node --import tsx tools/deprecation-table.ts [--check]
 *
 * With `--check` nothing is written: a table that is out of date is a failure.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Deprecation, deprecations } from "../packages/lutra/src/protocol/deprecations.ts";
import { fill, tableOf, writeGenerated } from "./generated.ts";

const command = "node --import tsx tools/deprecation-table.ts";
const page = "docs/compatibility.md";

/** Returns the table of the deprecated features. */
export function deprecationTable(known: readonly Deprecation[]): string {
  const rows = known.map((one) => [
    one.name,
    `\`${one.feature}\``,
    one.deprecatedIn,
    `${one.earliestRemoval} (${one.proposal})`,
    one.replacement,
  ]);
  const head = ["Feature", "Name in Lutra", "Deprecated in", "Earliest removal", "Replacement"];
  return tableOf(head, rows);
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const document = readFileSync(join(root, page), "utf8");
  const text = fill(document, "deprecations", deprecationTable(deprecations));
  return writeGenerated(root, command, { [page]: text });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
