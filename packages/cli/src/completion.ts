/** `lutra completion`: scripts that complete command lines, from the declarations of the commands. */
import { CommandError } from "./command-error.ts";
import { type Command, type CommandLine, commonOptions, programOptions } from "./command-line.ts";

/** A word that a shell can insert. */
interface Word {
  readonly word: string;
  readonly description: string;
  /** True for an option with a value. */
  readonly takesValue?: boolean;
}

/** Creates the script of each shell. */
const scripts: { readonly [shell: string]: (commands: readonly Command[]) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints the script of a shell. */
export async function completion(
  { values }: CommandLine,
  commands: readonly Command[],
): Promise<number> {
  const [shell = ""] = values;
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) throw new CommandError(`${shell}: expected bash, zsh or fish`, 2);
  console.log(script(commands));
  return 0;
}

/** The options come from the longest name first, so that `gateway check` precedes `gateway`. */
function bashScript(commands: readonly Command[]): string {
  const list = (words: readonly Word[]) => words.map(({ word }) => word).join(" ");
  const subcommands = parentsOf(commands).map((parent) => {
    return `    "2 ${parent} "*) words="${list(subcommandsOf(parent, commands))}" ;;`;
  });
  const cases = bySpecificity(commands).map((command) => {
    const pattern = command.name.includes(" ") ? `*" ${command.name}"` : `*" ${command.name} "*`;
    return `    ${pattern}) options="${list(optionsOf(command))}" ;;`;
  });
  return `_lutra() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words="" options=""
  case "$COMP_CWORD \${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
    "1 "*) words="${list(namesOf(commands))}" options="${list(wordsOf(programOptions))}" ;;
${subcommands.join("\n")}
  esac
  case "$COMP_CWORD \${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
    "1 "*) ;;
${cases.join("\n")}
  esac
  if [[ $word == -* ]]; then words="$options"; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _lutra lutra`;
}

function zshScript(commands: readonly Command[]): string {
  const list = (words: readonly Word[]) =>
    words.map(({ word, description }) => quoted(`${word}:${description}`)).join(" ");
  const subcommands = parentsOf(commands).map((parent) => {
    return `    "3 ${parent} "*) words_=(${list(subcommandsOf(parent, commands))}) ;;`;
  });
  const cases = bySpecificity(commands).map((command) => {
    const pattern = command.name.includes(" ") ? `*" ${command.name}"` : `*" ${command.name} "*`;
    return `    ${pattern}) options=(${list(optionsOf(command))}) ;;`;
  });
  return `#compdef lutra
_lutra() {
  local -a words_ options
  case "$CURRENT $words[2] $words[3]" in
    "2 "*) words_=(${list(namesOf(commands))}) options=(${list(wordsOf(programOptions))}) ;;
${subcommands.join("\n")}
  esac
  case "$CURRENT $words[2] $words[3]" in
    "2 "*) ;;
${cases.join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then _describe option options
  elif (( $#words_ )); then _describe command words_
  else _files
  fi
}
if [[ $funcstack[1] == _lutra ]]; then _lutra "$@"; else compdef _lutra lutra; fi`;
}

function fishScript(commands: readonly Command[]): string {
  const line = (condition: string, rest: string) => `complete -c lutra -n '${condition}' ${rest}`;
  const names = namesOf(commands).map(({ word, description }) =>
    line("__fish_use_subcommand", `-f -a ${word} -d ${quoted(description)}`),
  );
  const subcommands = parentsOf(commands).flatMap((parent) =>
    subcommandsOf(parent, commands).map(({ word, description }) =>
      line(`__fish_seen_subcommand_from ${parent}`, `-a ${word} -d ${quoted(description)}`),
    ),
  );
  const options = commands.flatMap((command) => {
    const seen = command.name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
    return optionsOf(command).map(({ word, description, takesValue }) =>
      line(
        seen.join("; and "),
        `-l ${word.slice(2)}${takesValue ? " -r" : ""} -d ${quoted(description)}`,
      ),
    );
  });
  return [...names, ...subcommands, ...options].join("\n");
}

function bySpecificity(commands: readonly Command[]): readonly Command[] {
  const isSub = ({ name }: Command) => name.includes(" ");
  return [...commands.filter(isSub), ...commands.filter((command) => !isSub(command))];
}

function namesOf(commands: readonly Command[]): readonly Word[] {
  return commands
    .filter(({ name }) => !name.includes(" "))
    .map(({ name, summary }) => ({ word: name, description: summary }));
}

/** Returns the first words of names with two words. */
function parentsOf(commands: readonly Command[]): readonly string[] {
  const firsts = commands.flatMap(({ name }) => name.split(" ").slice(0, -1));
  return [...new Set(firsts)];
}

function subcommandsOf(parent: string, commands: readonly Command[]): readonly Word[] {
  return commands
    .filter(({ name }) => name.startsWith(`${parent} `))
    .map(({ name, summary }) => ({ word: name.slice(parent.length + 1), description: summary }));
}

function optionsOf({ options }: Command): readonly Word[] {
  return wordsOf({ ...options, ...commonOptions });
}

function wordsOf(options: Command["options"]): readonly Word[] {
  return Object.entries(options).map(([name, { description, placeholder }]) => ({
    word: `--${name}`,
    description: description.replaceAll("`", ""),
    takesValue: placeholder !== undefined,
  }));
}

/** Returns text in single quotes, as shells read it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
