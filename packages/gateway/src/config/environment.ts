/** Variables of the environment inside texts of a configuration. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A text with its variables put in. */
export interface Substituted {
  readonly text: string;
  /** Whether anything was put in. */
  readonly isChanged: boolean;
  /** Whether the text was one variable and nothing else, so that it may stand for a number. */
  readonly isWhole: boolean;
  /** What was expected, for each variable that can't be put in. */
  readonly problems: readonly string[];
}

const reference = /\$?\$\{([^}]*)(\}?)/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Puts variables in: `${NAME}`, `${NAME:-default}` where the default stands for one that is unset or
 * empty. `$${` is a literal `${`. What is put in is not searched again.
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
