/** `lutra list`: lists what a server offers, or the servers that have a name. */
import { type DiscoverResult, isObject, metaKeys, type Tool } from "lutra/protocol";
import { CommandError } from "../command-error.ts";
import type { CommandLine } from "../command-line.ts";
import { addressOfEntry } from "./config-entry.ts";
import { namedServers } from "./config-files.ts";
import { type Connected, withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON, plainLine, plainText } from "./plain-text.ts";
import { createScreen, type Row, type Screen, tableLines, wrapped } from "./screen.ts";
import { argumentsLine } from "./tool-help.ts";

/** The lists of a server: their words, their capability and their requests. */
const lists = {
  tools: { heading: "Tools", capability: "tools" },
  resources: { heading: "Resources", capability: "resources" },
  templates: { heading: "Resource templates", capability: "resources" },
  prompts: { heading: "Prompts", capability: "prompts" },
} as const;

type Kind = keyof typeof lists;

const kinds = Object.keys(lists) as readonly Kind[];

export async function list(line: CommandLine): Promise<number> {
  if (line.values.length === 0 && line.program === undefined) return listNames(line);
  const [word] = restOf(line);
  const kind = kinds.find((each) => each === word);
  if (word !== undefined && kind === undefined) {
    throw new CommandError(`${word}: expected tools, resources, templates or prompts`, 2);
  }
  return withServer(line, async (server) => {
    const discovered = await server.client.discover({ signal: server.request.signal });
    const { capabilities } = discovered;
    const wanted = (kind === undefined ? kinds : [kind]).filter(
      (each) => kind !== undefined || capabilities[lists[each].capability] !== undefined,
    );
    const found = await Promise.all(
      wanted.map(async (each) => [each, await entriesOf(each, server)] as const),
    );
    if (server.isJSON) server.screen.print(plainJSON(jsonOf(found, discovered, server)));
    else print(found, kind === undefined ? discovered : undefined, server);
    return 0;
  });
}

interface Entries {
  /** The entries as the server sent them. */
  readonly all: readonly object[];
  readonly rows: readonly Row[];
}

interface Described {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
}

async function entriesOf(kind: Kind, { client, request }: Connected): Promise<Entries> {
  const options = { signal: request.signal };
  if (kind === "tools") {
    const { tools } = await client.listTools(options);
    return { all: tools, rows: tools.map(toolRow) };
  }
  if (kind === "resources") {
    const { resources } = await client.listResources(options);
    return { all: resources, rows: resources.map((each) => rowOf(each.uri, each)) };
  }
  if (kind === "templates") {
    const { resourceTemplates: all } = await client.listResourceTemplates(options);
    return { all, rows: all.map((each) => rowOf(each.uriTemplate, each)) };
  }
  const { prompts } = await client.listPrompts(options);
  return { all: prompts, rows: prompts.map((each) => rowOf(each.name, each)) };
}

/** The arguments follow the description in a line of their own. */
function toolRow(tool: Tool): Row {
  const { term, text } = rowOf(tool.name, tool);
  return { term, text: [text, argumentsLine(tool)].filter((each) => each !== "").join("\n") };
}

function rowOf(term: string, { name, title = name, description }: Described): Row {
  const text = description ?? (title === term ? "" : title);
  return { term: plainLine(term), text: plainLine(text) };
}

type Found = readonly (readonly [Kind, Entries])[];

function jsonOf(found: Found, { capabilities, ...discovered }: DiscoverResult, server: Connected) {
  const { supportedVersions, instructions } = discovered;
  return {
    server: serverInfoOf(discovered),
    era: server.client.serverEra,
    supportedVersions,
    capabilities,
    instructions,
    ...Object.fromEntries(
      found.map(([kind, { all }]) => [kind === "templates" ? "resourceTemplates" : kind, all]),
    ),
  };
}

function serverInfoOf({ _meta }: Pick<DiscoverResult, "_meta">): unknown {
  return isObject(_meta) ? _meta[metaKeys.serverInfo] : undefined;
}

function print(found: Found, discovered: DiscoverResult | undefined, { screen }: Connected): void {
  const parts = found.map(([kind, { rows }]) => {
    const body = rows.length === 0 ? ["  none"] : tableLines(rows, screen);
    return [screen.paint("yellow", lists[kind].heading), ...body].join("\n");
  });
  const head = discovered === undefined ? [] : headOf(discovered, screen);
  screen.print([...head, ...parts].join("\n\n"));
}

function headOf(discovered: DiscoverResult, screen: Screen): readonly string[] {
  const { supportedVersions, instructions } = discovered;
  const info = serverInfoOf(discovered);
  const { name = "A server without a name", version = "" } = isObject(info) ? info : {};
  const title = plainLine(`${name} ${version}`);
  return [
    `${title}  ${screen.paint("grey", plainLine(supportedVersions.join(", ")))}`,
    ...(instructions === undefined ? [] : [beginningOf(instructions, screen)]),
  ];
}

/** Number of lines of the instructions that are shown. They are written for models, and can be long. */
const shownLines = 3;

function beginningOf(instructions: string, { columns }: Screen): string {
  const lines = plainText(instructions)
    .trim()
    .split("\n")
    .flatMap((text) => wrapped(text, columns));
  return [...lines.slice(0, shownLines), ...(lines.length > shownLines ? ["…"] : [])].join("\n");
}

/** Lists the servers in configuration files. */
async function listNames(line: CommandLine): Promise<number> {
  const servers = namedServers(textOption(line, "config"));
  const screen = createScreen();
  if (line.options.json === true) {
    const all = servers.map((server) => {
      return { name: server.name, address: addressOfEntry(server), file: server.file };
    });
    screen.print(plainJSON({ servers: all }));
  } else if (servers.length === 0) {
    screen.print("No servers have a name; give a URL, the path of a module, or -- and a program.");
  } else {
    const rows = servers.map((server) => ({
      term: plainLine(server.name),
      text: plainLine(`${addressOfEntry(server)}\n(${server.file})`),
    }));
    screen.print(tableLines(rows, screen).join("\n"));
  }
  await screen.flushed();
  return 0;
}
