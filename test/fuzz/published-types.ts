/** The types of the published schemas of all revisions, as validators. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = join(import.meta.dirname, "../spec/published");
const validators = new Map<string, ValidateFunction>();
const options = { strict: false, validateFormats: false, logger: false } as const;

/** Returns true for a value of a type, for example `ListToolsResult`, of a revision. */
export function isValid(version: string, type: string, value: unknown): boolean {
  return validatorOf(version, type)(value) as boolean;
}

/** Returns the problems with a value that is not of the type. */
export function problemsWith(version: string, type: string, value: unknown): string | undefined {
  const validate = validatorOf(version, type);
  return validate(value) ? undefined : JSON.stringify(validate.errors);
}

function validatorOf(version: string, type: string): ValidateFunction {
  const key = `${version} ${type}`;
  let validate = validators.get(key);
  if (validate === undefined) {
    const schema = JSON.parse(readFileSync(join(folder, version, "schema.json"), "utf8")) as {
      readonly $defs?: object;
    };
    const isNew = schema.$defs !== undefined;
    const ajv = isNew ? new Ajv2020(options) : new Ajv(options);
    validate = ajv.compile({ ...schema, $ref: `#/${isNew ? "$defs" : "definitions"}/${type}` });
    validators.set(key, validate);
  }
  return validate;
}
