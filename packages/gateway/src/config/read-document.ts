/** Parses YAML and JSON and keeps the position of every value in the file. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { ConfigProblem } from "./config-error.ts";
import { formatPath } from "./config-error.ts";
import { type Environment, substitute } from "./environment.ts";

/** A position in a file, from line 1 and column 1. */
interface DocumentPosition {
  readonly line: number;
  readonly column: number;
}

/** A string that contains environment variables. */
interface FromEnvironment {
  /** The string as written in the file, with the names of the variables. */
  readonly written: string;
  /** True when the string was one variable and nothing else. */
  readonly isWhole: boolean;
}

export interface ConfigDocument {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** The strings in which variables were replaced, by path. */
  readonly environment: ReadonlyMap<string, FromEnvironment>;
  /** Returns the position of a value or of its key. */
  readonly positionOf: (path: string, of: "key" | "value") => DocumentPosition | undefined;
}

/** Bounds against attacks and against aliases that multiply; real configurations stay below. */
const maxValues = 10_000;
const maxDepth = 32;

/**
 * Parses a file with one document. Repeated keys, tags, further documents, and aliases that multiply
 * or contain themselves are reported as problems. JSON uses the same parser, but must be valid JSON.
 */
export function readDocument(file: string, text: string, environment: Environment): ConfigDocument {
  return new DocumentReader(file, text, environment).read();
}

type Key = string | number;
/** An index into the text; absent for values that have no text of their own. */
type Offset = number | undefined;

class DocumentReader {
  readonly #file: string;
  readonly #text: string;
  readonly #variables: Environment;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #problems: ConfigProblem[] = [];
  readonly #environment = new Map<string, FromEnvironment>();
  readonly #offsets = new Map<string, { readonly key: Offset; readonly value: Offset }>();
  #values = 0;

  constructor(file: string, text: string, environment: Environment) {
    this.#file = file;
    this.#text = text.replace(/^\ufeff/, "");
    this.#variables = environment;
    this.#document = parseDocument(this.#text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      resolveKnownTags: false,
      uniqueKeys: true,
    });
  }

  read(): ConfigDocument {
    this.#checkSyntax();
    const value =
      this.#problems.length > 0 ? undefined : this.#valueOf(this.#document.contents, [], undefined);
    return {
      value,
      problems: this.#problems,
      environment: this.#environment,
      positionOf: (path, of) => {
        const offset = this.#offsets.get(path);
        return this.#positionAt(of === "key" ? (offset?.key ?? offset?.value) : offset?.value);
      },
    };
  }

  /** Reports only the first syntax error, because it causes the ones that follow. */
  #checkSyntax(): void {
    const { errors, warnings } = this.#document;
    const repeated = errors.filter(({ code }) => code === "DUPLICATE_KEY");
    const [first] = errors.filter(({ code }) => code !== "DUPLICATE_KEY");
    for (const { code, message, pos } of first ? [first] : [...repeated, ...warnings]) {
      this.#report([], pos[0], syntaxMessages[code] ?? `expected YAML: ${lowerFirst(message)}`);
    }
    if (errors.length > 0 || !this.#file.endsWith(".json")) return;
    try {
      JSON.parse(this.#text);
    } catch (error) {
      const position = /position (\d+)/.exec(String(error))?.[1];
      const end = this.#text.trimEnd().length;
      this.#report([], position === undefined ? end : Number(position), "expected JSON");
    }
  }

  #valueOf(node: unknown, path: readonly Key[], keyAt: Offset): unknown {
    this.#values += 1;
    const at = startOf(node) ?? (path.length === 0 ? 0 : undefined);
    this.#offsets.set(formatPath(path), { key: keyAt, value: at ?? keyAt });
    if (this.#values > maxValues || path.length > maxDepth) {
      if (this.#problems.length === 0) {
        this.#report(path, at, `expected at most ${maxValues} values; use fewer aliases here`);
      }
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.#valueOf(target, path, keyAt ?? at);
      this.#report(path, at, `expected an anchor &${node.source} before this alias`);
      return undefined;
    }
    if (isMap(node)) return this.#objectOf(node.items, path);
    if (isSeq(node))
      return node.items.map((item, i) => this.#valueOf(item, [...path, i], undefined));
    if (!isScalar(node)) return null;
    return typeof node.value === "string" ? this.#substitute(node.value, path, at) : node.value;
  }

  #objectOf(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    path: readonly Key[],
  ): unknown {
    const entries = pairs.map(({ key, value }): [string, unknown] => {
      const at = startOf(key);
      if (!isScalar(key)) this.#report(path, at, "expected a string as the key");
      const name = isScalar(key) ? String(key.value) : "";
      return [name, this.#valueOf(value, [...path, name], at)];
    });
    return Object.fromEntries(entries);
  }

  #substitute(text: string, path: readonly Key[], at: Offset): string {
    const found = substitute(text, this.#variables);
    for (const message of found.problems) this.#report(path, at, message);
    if (found.isChanged) {
      this.#environment.set(formatPath(path), { written: text, isWhole: found.isWhole });
    }
    return found.text;
  }

  #report(path: readonly Key[], at: Offset, message: string): void {
    this.#problems.push({
      file: this.#file,
      ...this.#positionAt(at),
      path: formatPath(path),
      message,
    });
  }

  #positionAt(offset: Offset): DocumentPosition | undefined {
    if (offset === undefined) return undefined;
    const { line, col } = this.#lines.linePos(offset);
    return line === 0 ? { line: 1, column: 1 } : { line, column: col };
  }
}

/** Replacements for messages of the parser that do not help. */
const syntaxMessages: { readonly [code: string]: string } = {
  DUPLICATE_KEY: "expected each key once in an object",
  MULTIPLE_DOCS: "expected one document",
  TAG_RESOLVE_FAILED: "expected no tag",
  TAB_AS_INDENT: "expected spaces in place of tabs",
};

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function startOf(node: unknown): Offset {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const range: unknown = node.range;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === "number" ? start : undefined;
}
