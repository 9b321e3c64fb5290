/** The seeds of the targets, and the files of findings. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Target } from "./target.ts";

const folder = join(import.meta.dirname, "corpus");
const root = join(import.meta.dirname, "../..");

export interface Seed {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Returns the seeds of a target in the order of their names. A file of lines has one seed a line. */
export function readSeeds({ name }: Target): readonly Seed[] {
  const own = join(folder, name);
  if (!existsSync(own)) return [];
  const files = readdirSync(own).sort();
  return files.flatMap((file) => {
    const bytes = readFileSync(join(own, file));
    if (!file.endsWith(".jsonl")) return [{ file, bytes }];
    const lines = bytes.toString("utf8").split("\n");
    return lines
      .map((line, index) => ({ file: `${file}:${index + 1}`, bytes: Buffer.from(line) }))
      .filter((seed) => seed.bytes.length > 0);
  });
}

/** The path of the file for an input that violates a property. */
export function findingPath({ name }: Target, input: Uint8Array): string {
  const hash = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const findings = join(import.meta.dirname, "findings", name);
  mkdirSync(findings, { recursive: true });
  return join(findings, hash);
}

/** Writes a finding. Returns the command that reproduces it. */
export function writeFinding(target: Target, input: Uint8Array): string {
  const path = findingPath(target, input);
  writeFileSync(path, input);
  return `npm run fuzz -- ${target.name} --input ${relative(root, path)}`;
}
