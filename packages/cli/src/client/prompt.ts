/** `lutra prompt`: gets a prompt. */
import type { GetPromptResult, Prompt } from "lutra/protocol";
import type { CommandLine } from "../command-line.ts";
import { givenArguments, unknownArgument, usageError } from "./arguments.ts";
import { unknownEntry } from "./call.ts";
import { withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON } from "./plain-text.ts";
import { contentText } from "./print-content.ts";
import type { Screen } from "./screen.ts";
import { printPromptHelp } from "./tool-help.ts";

export async function prompt(line: CommandLine): Promise<number> {
  return withServer(line, async (server) => {
    const { client, request, screen, isJSON } = server;
    const name = restOf(line)[0] as string;
    const { prompts } = await client.listPrompts({ signal: request.signal });
    const found = prompts.find((each) => each.name === name);
    if (found === undefined) throw unknownEntry("prompt", name, prompts);
    if (line.options.help) {
      printPromptHelp(found, server);
      return 0;
    }
    const result = await client.getPrompt(name, await promptArguments(line, found), request);
    screen.print(isJSON ? plainJSON(result) : promptText(result, screen, textOption(line, "save")));
    return 0;
  });
}

function promptText(
  { messages }: GetPromptResult,
  screen: Screen,
  folder: string | undefined,
): string {
  const texts = messages.map(({ role, content }) => {
    const text = contentText([content], screen, folder);
    return `${screen.paint("cyan", `${role}:`)}\n${text}`;
  });
  return texts.join("\n\n");
}

type PromptValues = { readonly [name: string]: string };

/**
 * Returns the arguments of a prompt, which are texts.
 *
 * @throws {CommandError} for unknown and missing arguments
 */
async function promptArguments(
  line: CommandLine,
  { name, arguments: known = [] }: Prompt,
): Promise<PromptValues> {
  const args: { [name: string]: string } = {};
  for (const [argument, value] of Object.entries(await givenArguments(line))) {
    args[argument] = typeof value === "string" ? value : JSON.stringify(value);
  }
  for (const { name: argument, value } of line.named ?? []) {
    if (value === undefined) throw usageError(name, `--${argument} requires a value`);
    args[argument] = value;
  }
  const names = known.map((each) => each.name);
  const other = Object.keys(args).find((argument) => !names.includes(argument));
  if (other !== undefined) throw unknownArgument(other, names, name);
  const missing = known.find((each) => each.required && !Object.hasOwn(args, each.name));
  if (missing !== undefined) throw usageError(name, `missing --${missing.name} TEXT`);
  return args;
}
