/** Reads the schema of the specification and its example messages; published/README.md says from where. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const published = join(import.meta.dirname, "published");
const latest = "2026-07-28";
const folder = join(published, latest);

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

type Definitions = { readonly [type: string]: object };

/** Returns the JSON Schema of a revision, whose definitions are in `$defs` or in `definitions`. */
export function readSchema(version: string = latest): {
  readonly $defs: Definitions;
  readonly definitions?: Definitions;
} {
  return JSON.parse(readFileSync(join(published, version, "schema.json"), "utf8"));
}
