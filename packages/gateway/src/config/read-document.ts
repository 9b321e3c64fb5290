/** Reads YAML and JSON so that every value keeps its place in the file. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { ConfigProblem } from "./config-error.ts";
import { formatPath } from "./config-error.ts";
import { type Environment, substitute } from "./environment.ts";

/** What stands at a path of a document. */
export interface DocumentPlace {
  readonly line: number;
  readonly column: number;
}

/** A text that came from the environment. */
export interface FromEnvironment {
  /** As it stands in the file, with the names of variables in place of their values. */
  readonly written: string;
  readonly isWhole: boolean;
}

export interface ConfigDocument {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** By path, where variables were put in. */
  readonly environment: ReadonlyMap<string, FromEnvironment>;
  /** The place of a value; of its key, where that says more. */
  readonly placeOf: (path: string, of: "key" | "value") => DocumentPlace | undefined;
}

/** More is no configuration but an attack, or a mistake with aliases. */
const maxValues = 10_000;
const maxDepth = 32;

/**
 * Reads one document. Repeated keys, tags, several documents, and aliases that multiply or contain
 * themselves are problems. JSON is read by the same parser, but must be JSON.
 */
export function readDocument(file: string, text: string, environment: Environment): ConfigDocument {
  return new DocumentReader(file, text, environment).read();
}

type Key = string | number;
type Place = number | undefined;

class DocumentReader {
  readonly #file: string;
  readonly #text: string;
  readonly #variables: Environment;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #problems: ConfigProblem[] = [];
  readonly #environment = new Map<string, FromEnvironment>();
  readonly #places = new Map<string, { readonly key: Place; readonly value: Place }>();
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
      placeOf: (path, of) => {
        const place = this.#places.get(path);
        return this.#at(of === "key" ? (place?.key ?? place?.value) : place?.value);
      },
    };
  }

  /** One mistake makes the parser find many: what follows the first is left out. */
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

  #valueOf(node: unknown, path: readonly Key[], keyAt: Place): unknown {
    this.#values += 1;
    const at = startOf(node) ?? (path.length === 0 ? 0 : undefined);
    this.#places.set(formatPath(path), { key: keyAt, value: at ?? keyAt });
    if (this.#values > maxValues || path.length > maxDepth) {
      if (this.#problems.length === 0) {
        this.#report(path, at, "expected fewer values; aliases repeat too much here");
      }
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.#valueOf(target, path, keyAt ?? at);
      this.#report(path, at, `expected an anchor &${node.source} before its alias`);
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
      if (!isScalar(key)) this.#report(path, at, "expected a text for a key");
      const name = isScalar(key) ? String(key.value) : "";
      return [name, this.#valueOf(value, [...path, name], at)];
    });
    return Object.fromEntries(entries);
  }

  #substitute(text: string, path: readonly Key[], at: Place): string {
    const found = substitute(text, this.#variables);
    for (const message of found.problems) this.#report(path, at, message);
    if (found.isChanged) {
      this.#environment.set(formatPath(path), { written: text, isWhole: found.isWhole });
    }
    return found.text;
  }

  #report(path: readonly Key[], at: Place, message: string): void {
    this.#problems.push({
      file: this.#file,
      ...this.#at(at),
      path: formatPath(path),
      message,
    });
  }

  #at(offset: Place): DocumentPlace | undefined {
    if (offset === undefined) return undefined;
    const { line, col } = this.#lines.linePos(offset);
    return line === 0 ? { line: 1, column: 1 } : { line, column: col };
  }
}

/** What the parser says of some mistakes helps nobody. */
const syntaxMessages: { readonly [code: string]: string } = {
  DUPLICATE_KEY: "expected each key once in an object",
  MULTIPLE_DOCS: "expected one document",
  TAG_RESOLVE_FAILED: "expected no tag",
  TAB_AS_INDENT: "expected spaces in place of tabs",
};

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function startOf(node: unknown): Place {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  const range: unknown = node.range;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === "number" ? start : undefined;
}
