/** Formats the walk for the terminal. */
import { styleText } from "node:util";

const width = 92;
const indent = "    ";

/** The outcome of one step. */
export interface StepReport {
  readonly number: number;
  readonly title: string;
  /** The server that answered, if it was not a replica. */
  readonly place?: string | undefined;
  /** The replicas that answered its requests, in order. */
  readonly replicas: readonly number[];
  readonly ms: number;
  /** A description of the outcome. */
  readonly text: string;
}

export function printStep({ number, title, place, replicas, ms, text }: StepReport): void {
  const head = `${String(number).padStart(2)}  ${title}`;
  const where = place ?? whereOf(replicas);
  const time = ms < 100 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
  const dots = ".".repeat(Math.max(3, width - head.length - where.length - time.length - 12));
  console.log(`${styled("bold", head)} ${styled("dim", dots)} ${where}  ${time.padStart(9)}`);
  for (const line of wrap(text, width - indent.length)) console.log(indent + line);
}

export function printFailure(number: number, title: string, error: unknown): void {
  console.log(`${String(number).padStart(2)}  ${title} ${styled("red", "failed")}`);
  console.log(indent + (error instanceof Error ? (error.stack ?? error.message) : String(error)));
}

/** Lists the replicas, or returns a summary for a long list. */
function whereOf(replicas: readonly number[]): string {
  if (replicas.length === 0) return "nothing sent";
  if (replicas.length > 6) return "all replicas";
  return `${replicas.length === 1 ? "replica" : "replicas"} ${replicas.join(", ")}`;
}

/** Wraps text between words. Line breaks in the text are kept. */
function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + word.length >= columns) {
        lines.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    return [...lines, line];
  });
}

export function styled(style: "bold" | "dim" | "red" | "green", text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}
