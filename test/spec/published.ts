/** Where the published schema and its examples lie, when they do. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../shared/spec/2026-07-28", import.meta.url));

/** Why the tests of this folder are skipped, and how to have them run; `undefined` if they run. */
export const missing = existsSync(join(folder, "schema.json"))
  ? undefined
  : "put schema.json and examples/ of schema/2026-07-28, from the repository " +
    "modelcontextprotocol/modelcontextprotocol, into ../shared/spec/2026-07-28";

export interface Example {
  /** The type of the published schema that it is an example of. */
  readonly type: string;
  readonly file: string;
  readonly value: unknown;
}

export function readExamples(): readonly Example[] {
  const types = readdirSync(join(folder, "examples"));
  return types.flatMap((type) =>
    readdirSync(join(folder, "examples", type)).map((file) => {
      const text = readFileSync(join(folder, "examples", type, file), "utf8");
      return { type, file, value: JSON.parse(text) as unknown };
    }),
  );
}

export function readSchema(): { readonly $defs: { readonly [type: string]: object } } {
  return JSON.parse(readFileSync(join(folder, "schema.json"), "utf8"));
}
