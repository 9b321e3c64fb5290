/** The changes of one module, collected before its text is written. */
import type { Finding } from "../find.ts";
import type { Module } from "../source/module.ts";
import type { Syntax } from "../source/syntax.ts";
import { takenNames } from "./taken-names.ts";

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The subpaths of Lutra from which rewritten code imports. */
export type Subpath = "lutra/client" | "lutra/node" | "lutra/server";

interface Needed {
  readonly specifier: string;
  readonly from: Subpath;
}

export class Draft {
  readonly module: Module;
  readonly #edits: Edit[] = [];
  readonly #done = new Set<string>();
  /** Specifiers of the imports that the new text needs, by the name in the module. */
  readonly needed: Map<string, Needed> = new Map();
  /** The positions of names that the new text no longer contains. */
  readonly dropped: Set<number> = new Set();
  #questions = 0;
  #taken: ReadonlyMap<string, string | undefined> | undefined;
  /** Number of findings that were rewritten. */
  rewritten = 0;

  /** The findings by rule and line. */
  readonly #found: ReadonlySet<string>;

  constructor(module: Module, findings: readonly Finding[]) {
    this.module = module;
    this.#found = new Set(findings.map(({ rule, line }) => `${rule} ${line}`));
  }

  /** Returns the text of a node. */
  text({ start, end }: Syntax): string {
    return this.module.source.slice(start, end);
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text });
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  /** Records that a finding of the rule at this position, if there is one, is rewritten. */
  done(rule: string, position: number): void {
    const key = `${rule} ${this.module.lineOf(position)}`;
    if (this.#found.has(key) && !this.#done.has(key)) this.rewritten += 1;
    this.#done.add(key);
  }

  isDone(rule: string, line: number): boolean {
    return this.#done.has(`${rule} ${line}`);
  }

  /** Imports a name from the subpath. Returns it, or another one if the module uses it otherwise. */
  need(name: string, from: Subpath = "lutra/server"): string {
    this.#taken ??= takenNames(this.module.program);
    const isTaken = this.#taken.has(name) && this.#taken.get(name) !== from;
    const local = isTaken ? `lutra${name.charAt(0).toUpperCase()}${name.slice(1)}` : name;
    this.needed.set(local, { specifier: isTaken ? `${name} as ${local}` : name, from });
    return local;
  }

  /** Returns a name for an input request that no other one in the module has. */
  question(kind: string): string {
    this.#questions += 1;
    return `"${kind}${this.#questions}"`;
  }

  get isEmpty(): boolean {
    return this.#edits.length === 0;
  }

  /** Returns the new text. Insertions at one position keep their order. */
  apply(): string {
    const sorted = this.#edits
      .map((edit, order) => ({ ...edit, order }))
      .sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
    let text = "";
    let at = 0;
    for (const edit of sorted) {
      if (edit.start < at) continue;
      text += this.module.source.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + this.module.source.slice(at);
  }
}
