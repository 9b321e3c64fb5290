/**
 * `npm run test:docs`: checks the blocks of the documents that need packages of others, prints a table
 * and keeps it in `test/docs/latest.md`. Ends with 1 when a block fails.
 */
import { writeFileSync } from "node:fs";
import { fastmcpChecks } from "./fastmcp.ts";
import { inspectorChecks } from "./inspector.ts";

const rows: string[][] = [];
const faults: string[] = [];
for (const { page, title, run } of [...(await fastmcpChecks()), ...(await inspectorChecks())]) {
  console.log(`${page}: ${title} ...`);
  try {
    rows.push([page, title, await run(), "yes"]);
  } catch (error) {
    rows.push([page, title, "", "**no**"]);
    faults.push(`${page}: ${title}: ${error instanceof Error ? error.message : error}`);
  }
}
const table = [["page", "check", "version", "holds"], ["---", "---", "---", "---"], ...rows]
  .map((cells) => `| ${cells.join(" | ")} |`)
  .join("\n");
console.log(`\n${table}`);
writeFileSync(new URL("../latest.md", import.meta.url), documentOf());
if (faults.length > 0) {
  console.error(`\n${faults.join("\n\n")}`);
  process.exit(1);
}
process.exit(0);

function documentOf(): string {
  return `# Blocks of the documents with packages of others

Run on ${new Date().toISOString().slice(0, 10)} on Node ${process.versions.node}. Written by \`npm run test:docs\`.

These blocks need packages that \`npm run setup\` does not install. All other blocks are checked by \`npm test\`.

${table}
`;
}
