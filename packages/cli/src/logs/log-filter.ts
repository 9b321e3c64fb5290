/** Chooses lines of an access log by their fields. */
import { CommandError } from "../command-error.ts";
import { type CommandLine, type CommandOption, integerOption } from "../command-line.ts";
import type { LogEntry } from "../terminal-log.ts";

/** The fields of a line by which it is chosen. */
export interface FilteredEntry extends LogEntry {
  /** The upstream's own name, if the client knows the entry by another one. */
  readonly entry?: string;
  /** The code of a JSON-RPC error. */
  readonly code?: number;
  readonly trace?: string;
}

export const filterOptions: { readonly [name: string]: CommandOption } = {
  method: { placeholder: "M", description: "Only requests of this method, such as `tools/call`" },
  name: { placeholder: "N", description: "Only requests for this tool, prompt or resource" },
  upstream: { placeholder: "U", description: "Only requests to this upstream" },
  principal: { placeholder: "P", description: "Only requests of this caller" },
  status: { placeholder: "S", description: "Only responses with this status: `404`, or `5xx`" },
  trace: { placeholder: "ID", description: "Only requests of this trace" },
  slow: {
    placeholder: "MS",
    description: "Only requests that took at least this many milliseconds",
  },
  failed: {
    description: "Only failures: a status of 400 or more, a JSON-RPC error, or a broken response",
  },
};

/** Returns true for an entry that is shown. */
export type LogFilter = (entry: FilteredEntry) => boolean;

/** Bounds of `--slow`, in milliseconds. */
const durations = { least: 0, most: 2_147_483_647, fallback: 0 };

/**
 * Returns the filter of a command line, whose options must all hold.
 *
 * @throws {CommandError} for an invalid value
 */
export function filterOf(line: CommandLine): LogFilter {
  const { options } = line;
  const slowMs = integerOption(line, "slow", durations);
  const hasStatus = statusFilter(options.status);
  const equal = (name: string, value: unknown) =>
    options[name] === undefined || options[name] === value;
  return (entry) =>
    equal("method", entry.method) &&
    (equal("name", entry.name) || equal("name", entry.entry)) &&
    equal("upstream", entry.upstream) &&
    equal("principal", entry.principal) &&
    equal("trace", entry.trace) &&
    hasStatus(entry.status) &&
    entry.ms >= slowMs &&
    (options.failed !== true || hasFailed(entry));
}

function hasFailed({ status, code, broken }: FilteredEntry): boolean {
  return status === 0 || status >= 400 || code !== undefined || broken === true;
}

/** @throws {CommandError} for a form other than `404` or `5xx` */
function statusFilter(wanted: CommandLine["options"][string]): (status: number) => boolean {
  if (wanted === undefined) return () => true;
  const [, hundreds] = /^([1-5])xx$/i.exec(String(wanted)) ?? [];
  if (hundreds !== undefined) return (status) => Math.floor(status / 100) === Number(hundreds);
  if (/^(?:0|[1-5]\d\d)$/.test(String(wanted))) return (status) => status === Number(wanted);
  throw new CommandError("--status: expected a status such as 404, or 5xx", 2);
}
