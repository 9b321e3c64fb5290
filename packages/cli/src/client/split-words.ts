/** Separates the words of a command line that concern a server from those of the command itself. */

/** An option that the command does not declare. */
export interface NamedArgument {
  readonly name: string;
  /** Undefined for an option without a value. */
  readonly value: string | undefined;
}

export interface SplitWords {
  /** The arguments and options that the command declares. */
  readonly own: readonly string[];
  /** The words after `--`: a program and its arguments. */
  readonly program: readonly string[] | undefined;
  readonly named: readonly NamedArgument[];
}

interface DeclaredOption {
  readonly letter?: string;
  readonly placeholder?: string;
}

interface DeclaredWords {
  readonly acceptsNamed: boolean;
  /** Number of arguments, with the target. */
  readonly count: number;
  readonly options: { readonly [name: string]: DeclaredOption };
}

/**
 * Separates the words. An option that the command does not declare is an argument of the tool or prompt
 * if it follows all arguments of the command.
 */
export function splitWords(words: readonly string[], declared: DeclaredWords): SplitWords {
  const end = words.indexOf("--");
  const program = end < 0 ? undefined : words.slice(end + 1);
  const before = end < 0 ? words : words.slice(0, end);
  if (!declared.acceptsNamed) return { own: before, program, named: [] };
  const needed = declared.count - (program === undefined ? 0 : 1);
  return { program, ...separate(before, needed, declared.options) };
}

function separate(
  words: readonly string[],
  needed: number,
  known: DeclaredWords["options"],
): Pick<SplitWords, "own" | "named"> {
  const own: string[] = [];
  const named: NamedArgument[] = [];
  let count = 0;
  for (let index = 0; index < words.length; ) {
    const word = words[index] as string;
    const next = words[index + 1];
    const option = optionOf(word, known);
    const isNamed = option === undefined && word.startsWith("--") && count >= needed;
    if (isNamed) {
      const { tookNext, ...argument } = namedArgument(word, next);
      named.push(argument);
      index += tookNext ? 2 : 1;
      continue;
    }
    const taken = option === undefined ? 1 : wordsOf(option, word);
    own.push(...words.slice(index, index + taken));
    if (option === undefined && !word.startsWith("-")) count += 1;
    index += taken;
  }
  return { own, named };
}

/** Returns the number of words that an option takes: 2 with a value as the next word. */
function wordsOf({ placeholder }: DeclaredOption, word: string): number {
  return placeholder === undefined || hasValue(word) ? 1 : 2;
}

/** Returns the declaration of an option in its long form or its short form. */
function optionOf(word: string, known: DeclaredWords["options"]): DeclaredOption | undefined {
  if (word.startsWith("--")) {
    const [name = ""] = word.slice(2).split("=", 1);
    return Object.hasOwn(known, name) ? known[name] : undefined;
  }
  if (!word.startsWith("-") || word === "-") return undefined;
  return Object.values(known).find(({ letter }) => letter === word[1]);
}

/** True for `--name=value` and `-Nvalue`. */
function hasValue(word: string): boolean {
  return word.startsWith("--") ? word.includes("=") : word.length > 2;
}

function namedArgument(
  word: string,
  next: string | undefined,
): NamedArgument & { readonly tookNext: boolean } {
  const equals = word.indexOf("=");
  if (equals >= 0) {
    return { name: word.slice(2, equals), value: word.slice(equals + 1), tookNext: false };
  }
  // A negative number is a value; another word with a dash needs the form `--name=value`.
  const isValue = next !== undefined && (!next.startsWith("-") || /^-(?:\d|\.\d|$)/.test(next));
  return { name: word.slice(2), value: isValue ? next : undefined, tookNext: isValue };
}
