/** `lutra logs`: shows the access log of a gateway, and follows it. */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type Paint, painterFor } from "../colors.ts";
import { CommandError } from "../command-error.ts";
import { type CommandLine, integerOption } from "../command-line.ts";
import { withPackage } from "../optional-package.ts";
import { stopSignal } from "../stop-signal.ts";
import { formatEntry } from "../terminal-log.ts";
import { LineReader } from "./line-reader.ts";
import { type FilteredEntry, filterOf } from "./log-filter.ts";

/** Bounds of `--lines`. */
const lineCounts = { least: 0, most: 100_000, fallback: 20 };

export async function logs(line: CommandLine): Promise<number> {
  const source = line.values[0] ?? "";
  const count = integerOption(line, "lines", lineCounts);
  const filter = filterOf(line);
  const isJSON = line.options.json === true;
  const paint = painterFor(process.stdout);
  const shown = (text: string): string | undefined => {
    const entry = parseEntry(text);
    if (entry === undefined || !filter(entry)) return undefined;
    return isJSON ? text : textOf(entry, paint);
  };
  const stop = new AbortController();
  const stopped = stopSignal().then((code) => {
    stop.abort();
    return code;
  });
  if (source === "-") return Promise.race([stopped, printInput(shown)]);
  const reader = await openLog(await fileOf(source));
  try {
    for (const text of await last(reader, count, shown)) console.log(text);
    if (line.options.follow !== true) return 0;
    for await (const text of reader.follow(stop.signal)) print(shown(text));
    return await stopped;
  } finally {
    await reader.close();
  }
}

async function printInput(shown: (text: string) => string | undefined): Promise<number> {
  for await (const text of createInterface(process.stdin)) print(shown(text));
  return 0;
}

function print(text: string | undefined): void {
  if (text !== undefined) console.log(text);
}

/** Returns the last of the lines that are shown. */
async function last(
  reader: LineReader,
  count: number,
  shown: (text: string) => string | undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const text of reader.read()) {
    const line = shown(text);
    if (line !== undefined) found.push(line);
    // Removing many at once costs less than removing one for each line.
    if (found.length > 2 * count) found.splice(0, found.length - count);
  }
  return count === 0 ? [] : found.slice(-count);
}

/** Returns the entry of a line; undefined for other output, such as that of a server. */
function parseEntry(text: string): FilteredEntry | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const entry: Partial<FilteredEntry> = JSON.parse(text);
    const numbers = [entry.time, entry.status, entry.ms];
    const isEntry = numbers.every((value) => typeof value === "number");
    return isEntry ? (entry as FilteredEntry) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(entry: FilteredEntry, paint: Paint): string {
  const line = formatEntry(entry, paint, (upstream, replica) => `${upstream} ${replica}`);
  return entry.code === undefined ? line : `${line} ${entry.code}`;
}

/**
 * Returns the path of the log: the source, or the `log.file` of a configuration.
 *
 * @throws {CommandError} for a URL, and for a configuration without a file
 */
async function fileOf(source: string): Promise<string> {
  if (/^https?:/i.test(source)) {
    throw new CommandError(
      `logs: ${source}: expected the path of a log file or of a gateway's configuration`,
      2,
    );
  }
  if (!(await isConfiguration(source))) return source;
  const { loadGatewayConfig } = await withPackage(
    "@lutra/gateway",
    "logs",
    () => import("../gateway-config.ts"),
  );
  const { config } = await loadGatewayConfig(source);
  if (config.log !== false && config.log.file !== undefined) return config.log.file;
  throw new CommandError(
    `logs: ${source}: expected log.file in this configuration, or its log on standard input: ` +
      `lutra gateway ${source} | lutra logs -`,
  );
}

async function isConfiguration(source: string): Promise<boolean> {
  if (/\.(?:ya?ml|[cm]?[jt]s)$/.test(source)) return true;
  if (!source.endsWith(".json")) return false;
  const text = await readFile(source, "utf8").catch(() => "");
  try {
    return Object.hasOwn(JSON.parse(text), "upstreams");
  } catch {
    return false;
  }
}

async function openLog(path: string): Promise<LineReader> {
  try {
    return await LineReader.open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`logs: ${path}: can't be read (${code ?? error})`);
  }
}
