/** `lutra read`: reads a resource. */
import type { CommandLine } from "../command-line.ts";
import { withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON } from "./plain-text.ts";
import { resourceText } from "./print-content.ts";

export async function read(line: CommandLine): Promise<number> {
  return withServer(line, async ({ client, request, screen, isJSON }) => {
    const result = await client.readResource(restOf(line)[0] as string, request);
    const { contents } = result;
    const [first] = contents;
    const folder = textOption(line, "save");
    if (isJSON) screen.print(plainJSON(result));
    else if (!screen.isTerminal && folder === undefined && first !== undefined && "blob" in first) {
      screen.write(Buffer.from(first.blob, "base64"));
    } else screen.print(resourceText(contents, screen, folder));
    return 0;
  });
}
