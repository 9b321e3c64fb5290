/** The access log of a gateway, as text for a terminal. */
import type { LogStream } from "@lutra/gateway";
import { type Color, type Output, type Paint, painterFor } from "./colors.ts";

/** The fields of a line of the access log that are shown. */
export interface LogEntry {
  readonly time: number;
  readonly method?: string;
  readonly name?: string;
  readonly principal?: string;
  readonly upstream?: string;
  readonly replica?: string;
  readonly status: number;
  readonly cache?: string;
  readonly reason?: string;
  readonly broken?: boolean;
  readonly ms: number;
}

/** The width of the column with the method and the name. */
const subjectColumns = 32;

/**
 * Returns the stream that writes the log as text, or undefined for an output that is not a terminal,
 * which receives JSON. `placeOf` names a replica.
 */
export function terminalLogFor(
  out: Output & { readonly write: (text: string) => unknown },
  placeOf: (upstream: string, replica: string) => string,
): LogStream | undefined {
  if (!out.isTTY) return undefined;
  const paint = painterFor(out);
  const textOf = (line: string) => `${formatEntry(JSON.parse(line), paint, placeOf)}\n`;
  return { write: (lines) => out.write(lines.trimEnd().split("\n").map(textOf).join("")) };
}

/** Returns a line of the log as text. */
export function formatEntry(
  entry: LogEntry,
  paint: Paint,
  placeOf: (upstream: string, replica: string) => string,
): string {
  const { time, status, method = "", name = "", upstream, replica, ms } = entry;
  const subject = `${method} ${name}`.trim().padEnd(subjectColumns);
  const place = upstream === undefined || replica === undefined ? "" : placeOf(upstream, replica);
  const notes = [place, entry.cache, entry.principal, entry.reason, entry.broken && "broken"];
  return [
    paint("grey", clockTime(time)),
    paint(colorOf(entry), String(status)),
    withoutControls(subject),
    `${ms.toFixed(1)} ms`.padStart(10),
    withoutControls(notes.filter(Boolean).join(" ")),
  ]
    .join("  ")
    .trimEnd();
}

function colorOf({ status, broken }: LogEntry): Color {
  if (broken === true || status >= 500 || status === 0) return "red";
  return status >= 400 ? "yellow" : "green";
}

function clockTime(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}

/** Clients choose names. A control character could change the terminal. */
function withoutControls(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
