/** Replaces environment variables in strings of a configuration. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A string with its variables replaced. */
export interface Substituted {
  readonly text: string;
  /** True when any variable was replaced. */
  readonly isChanged: boolean;
  /** True when the string was one variable and nothing else, so that it may become a number. */
  readonly isWhole: boolean;
  /** A message for each variable that could not be replaced. */
  readonly problems: readonly string[];
}

const reference = /\$?\$\{([^}]*)(\}?)/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Replaces `${NAME}`, and `${NAME:-default}` with the default if the variable is unset or empty.
 * `$${` stands for a literal `${`. Values are not searched for further variables.
 */
export function substitute(text: string, environment: Environment): Substituted {
  const problems: string[] = [];
  let isChanged = false;
  const replaced = text.replace(reference, (found, inside: string, end: string) => {
    if (found.startsWith("$$")) return found.slice(1);
    const [, name, byDefault] = (end === "" ? null : variable.exec(inside)) ?? [];
    if (name === undefined) {
      problems.push(`expected $\{NAME} or $\{NAME:-default}; write $$\{ for a literal $\{`);
      return found;
    }
    isChanged = true;
    const value = environment[name];
    if (value !== undefined && (value !== "" || byDefault === undefined)) return value;
    if (byDefault !== undefined) return byDefault;
    problems.push(
      `the environment variable ${name} is not set; set it, or write $\{${name}:-default}`,
    );
    return found;
  });
  const isWhole = /^\$\{[^}]*\}$/.test(text);
  return { text: replaced, isChanged, isWhole, problems };
}
