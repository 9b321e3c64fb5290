/**
 * The secrets that fixtures use, in one list for a whole run of the tests. `scripts/test.mjs` names the
 * folder of the list in the environment, and searches for them at the end.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The environment variable with the folder of a run. Without it, nothing is registered. */
export const runVariable = "LUTRA_TEST_RUN";

/** A value that few places may contain. */
export interface Secret {
  /** The kind, such as `code`, for the report. */
  readonly kind: string;
  readonly value: string;
}

/** Minimum length of a value that no text contains by chance, in characters. */
export const minLength = 16;

/** The secrets and the files of this process. Test files have modules of their own, and share processes. */
interface OwnList {
  readonly secrets: Secret[];
  readonly permitted: string[];
}

const key = Symbol.for("lutra.registeredSecrets");

/** Returns the secrets and files that this process has registered so far. */
export function ownList(): OwnList {
  const known: OwnList | undefined = Reflect.get(globalThis, key);
  const list = known ?? { secrets: [], permitted: [] };
  Reflect.set(globalThis, key, list);
  return list;
}

/** Adds a secret to the list. Ignores values that are too short to be secrets, and missing ones. */
export function registerSecret(kind: string, value: unknown): void {
  if (typeof value !== "string" || value.length < minLength) return;
  if (append("secrets", kind, value)) ownList().secrets.push({ kind, value });
}

/** Creates a secret and registers it. It is in no source, since sources are written to caches. */
export function createSecret(kind: string): string {
  const secret = `${randomUUID()}+a/secret`;
  registerSecret(kind, secret);
  return secret;
}

/** Adds a file that has to contain secrets, or a folder of such files. */
export function permitSecretsIn(path: string, reason: string): void {
  if (append("permitted", reason, path)) ownList().permitted.push(path);
}

/** Returns the registered secrets of a run, each once. */
export function registeredIn(folder: string): readonly Secret[] {
  const secrets = new Map(read(folder, "secrets").map(([kind, value]) => [value, kind]));
  return [...secrets].map(([value, kind]) => ({ kind, value }));
}

/** Returns the files and folders of a run that have to contain secrets. */
export function permittedIn(folder: string): readonly string[] {
  return read(folder, "permitted").map(([, path]) => path);
}

/** Adds a line to a list. Returns false outside of a run. */
function append(list: string, label: string, value: string): boolean {
  const folder = process.env[runVariable];
  if (folder === undefined || folder === "") return false;
  // One write for each line, since several processes append.
  const line = `${label}\t${Buffer.from(value).toString("base64")}\n`;
  appendFileSync(join(folder, list), line, { mode: 0o600 });
  return true;
}

function read(folder: string, list: string): readonly (readonly [string, string])[] {
  const path = join(folder, list);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [label = "", value = ""] = line.split("\t");
      return [label, Buffer.from(value, "base64").toString()] as const;
    });
}
