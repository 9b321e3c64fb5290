/** What is wrong with a configuration, said all at once. */

export interface ConfigProblem {
  /** As the caller named it. */
  readonly file: string;
  /** From 1; absent where no text was read, as in a TypeScript configuration. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** From the root, such as `routes[1].to`; empty for the whole. */
  readonly path: string;
  /** What was expected, and the remedy where one is known. */
  readonly message: string;
}

/** A configuration that can't be used. `message` has one line for each problem. */
export class ConfigError extends Error {
  override readonly name: string = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, as editors and terminals understand it. */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return [place, path, message].filter((part) => part !== "").join(": ");
}

/** `["routes", 1, "to"]` as `routes[1].to`; keys that are no plain words in quotes. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\w$-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}
