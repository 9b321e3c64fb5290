/** `lutra complete`: suggests values for an argument. */
import { CommandError } from "../command-error.ts";
import { type CommandLine, listOption } from "../command-line.ts";
import { notice } from "../notice.ts";
import { withServer } from "./connect.ts";
import { restOf } from "./options.ts";
import { plainJSON, plainLine } from "./plain-text.ts";

export async function complete(line: CommandLine): Promise<number> {
  const [of = "", name = "", value = ""] = restOf(line);
  const given = Object.fromEntries(listOption(line, "given").map(parseGiven));
  // The name of a prompt has no braces and no scheme.
  const isTemplate = /[{}]|:\/\//.test(of);
  const ref = isTemplate
    ? ({ type: "ref/resource", uri: of } as const)
    : ({ type: "ref/prompt", name: of } as const);
  return withServer(line, async ({ client, request, screen, isJSON }) => {
    const context = Object.keys(given).length === 0 ? {} : { context: { arguments: given } };
    const params = { ref, argument: { name, value }, ...context };
    const { completion } = await client.complete(params, request);
    if (isJSON) screen.print(plainJSON(completion));
    else {
      for (const each of completion.values) screen.print(plainLine(each));
      if (completion.hasMore) notice("the server has more values; give more of the beginning");
    }
    return 0;
  });
}

function parseGiven(text: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new CommandError(`--given ${text}: expected NAME=VALUE`, 2);
  return [text.slice(0, at), text.slice(at + 1)];
}
