/** Reads the schema of the specification and its example messages; published/README.md says from where. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "published/2026-07-28");

export interface Example {
  /** The type of the schema that the message is an example of. */
  readonly type: string;
  readonly file: string;
  readonly value: unknown;
}

/** Returns every example message of the specification. */
export function readExamples(): readonly Example[] {
  const types = readdirSync(join(folder, "examples"));
  return types.flatMap((type) =>
    readdirSync(join(folder, "examples", type)).map((file) => {
      const text = readFileSync(join(folder, "examples", type, file), "utf8");
      return { type, file, value: JSON.parse(text) as unknown };
    }),
  );
}

/** Returns the JSON Schema of the specification. */
export function readSchema(): { readonly $defs: { readonly [type: string]: object } } {
  return JSON.parse(readFileSync(join(folder, "schema.json"), "utf8"));
}
