/** The official tests of JSON Schema, for the default validator. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import {
  createJSONSchemaValidator,
  type Validate,
} from "../../packages/lutra/src/schema/json-schema.ts";
import { refusedGroups } from "./refused-groups.ts";

interface Group {
  readonly description: string;
  readonly schema: JSONObject | boolean;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const published = join(import.meta.dirname, "published");
const compile = createJSONSchemaValidator();

/** The folders of the dialects, with the `$schema` for tests that name none. */
const dialects = {
  draft7: "http://json-schema.org/draft-07/schema#",
  "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
  "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
} as const;

function filesOf(dialect: string): readonly string[] {
  const all = readdirSync(join(published, dialect), { recursive: true, encoding: "utf8" });
  return all.filter((file) => file.endsWith(".json")).sort();
}

function groupsOf(dialect: string, file: string): readonly Group[] {
  return JSON.parse(readFileSync(join(published, dialect, file), "utf8"));
}

/** Compiles the schema of a group. Tools can't have boolean schemas, so these are wrapped. */
function compileGroup({ schema }: Group, $schema: string): Validate {
  return compile({ $schema, ...(typeof schema === "boolean" ? { allOf: [schema] } : schema) });
}

const refused: string[] = [];
let run = 0;

describe.each(Object.entries(dialects))("%s", (dialect, $schema) => {
  it.each(filesOf(dialect))("%s", (file) => {
    for (const group of groupsOf(dialect, file)) {
      let validate: Validate;
      try {
        validate = compileGroup(group, $schema);
      } catch (error) {
        expect((error as Error).message).toMatch(
          /ref \S+ is not in this schema|the dialect \S+ is not/,
        );
        refused.push(`${dialect}/${file}: ${group.description}`);
        continue;
      }
      for (const { description, data, valid } of group.tests) {
        run += 1;
        const isValid = validate(data) === undefined;
        expect([group.description, description, isValid]).toEqual([
          group.description,
          description,
          valid,
        ]);
      }
    }
  });
});

it("refuses nothing but remote references and dialects", () => {
  expect(refused).toEqual(refusedGroups);
  expect(run).toBeGreaterThan(3700);
});
