/** Reports every problem of a configuration at once. */

/** A problem of a configuration. */
export interface ConfigProblem {
  /** The file, as the caller named it. */
  readonly file: string;
  /** The line, from 1; absent when the configuration has no text, as in TypeScript. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The path from the root, such as `routes[1].to`; empty for the root itself. */
  readonly path: string;
  /** The expectation, and the remedy if one is known. */
  readonly message: string;
}

/** Thrown for an invalid configuration. `message` has one line for each problem. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** Formats a problem as `file:line:column: path: message`, which editors and terminals can link. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return [place, path, message].filter((part) => part !== "").join(": ");
}

/** Formats `["routes", 1, "to"]` as `routes[1].to`. Keys with special characters are quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w$-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}
