/** Standard output and standard error of a command that is a client. */
import { type Paint, painterFor } from "../colors.ts";
import { widthOf } from "./plain-text.ts";

export interface Screen {
  /** True if a person reads standard output. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; without a terminal, lines are not wrapped. */
  readonly columns: number;
  readonly paint: Paint;
  /** Prints text and a line break on standard output. */
  readonly print: (text: string) => void;
  /** Writes bytes to standard output. */
  readonly write: (bytes: Uint8Array) => void;
  /** Resolves when all output has been written. */
  readonly flushed: () => Promise<void>;
}

/** The width that is assumed if the terminal does not report one, in columns. */
const usualColumns = 80;

/**
 * Creates the screen of this process. From then on, other output to `process.stdout`, for example from
 * a server module, goes to standard error.
 */
export function createScreen(): Screen {
  const { stdout, stderr } = process;
  const write: typeof stdout.write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const { isTTY: isTerminal = false, columns } = stdout;
  return {
    isTerminal,
    columns: isTerminal ? columns || usualColumns : Number.POSITIVE_INFINITY,
    paint: painterFor(stdout),
    print: (text) => void write(`${text}\n`),
    write: (bytes) => void write(bytes),
    flushed: async () => {
      await new Promise<void>((resolve) => write("", () => resolve()));
      stdout.write = write;
    },
  };
}

/** A row of a table: a short term and its text, which may have several paragraphs. */
export interface Row {
  readonly term: string;
  readonly text: string;
}

/** Maximum width of the column of terms, in columns. A longer term gets a line of its own. */
const maxTermColumns = 32;

/** Returns the lines of a table with aligned texts, which are wrapped at the width of the screen. */
export function tableLines(rows: readonly Row[], { columns, paint }: Screen): readonly string[] {
  const longest = Math.max(0, ...rows.map(({ term }) => widthOf(term)));
  const width = Math.min(longest, maxTermColumns, Math.max(8, Math.floor(columns / 3)));
  const margin = " ".repeat(width + 4);
  return rows.flatMap(({ term, text }) => {
    const [first = "", ...rest] = text
      .split("\n")
      .flatMap((paragraph) => wrapped(paragraph, columns - margin.length));
    const painted = `  ${paint("cyan", term)}`;
    const isLong = widthOf(term) > width;
    const head = isLong ? [painted] : [];
    const start = isLong ? margin : `${painted}${" ".repeat(width + 2 - widthOf(term))}`;
    const body = first === "" && isLong ? [] : [`${start}${first}`.trimEnd()];
    return [...head, ...body, ...rest.map((line) => margin + line)];
  });
}

/** Breaks text into lines of at most `columns` columns, between words. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || widthOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
