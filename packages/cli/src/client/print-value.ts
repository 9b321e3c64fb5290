/** Prints structured content for a person: flat objects as rows, lists of flat objects as tables. */
import { isObject, type JSONObject } from "lutra/protocol";
import { clipTo, plainJSON, plainLine, widthOf } from "./plain-text.ts";
import { type Screen, tableLines } from "./screen.ts";

/** Returns a value as text. A value that is neither flat nor a list of flat objects is JSON. */
export function valueText(value: unknown, screen: Screen): string {
  if (isList(value)) return listText(value, screen);
  if (!isObject(value)) return isScalar(value) ? scalarText(value) : plainJSON(value);
  const members = Object.entries(value);
  if (members.length === 0) return "{}";
  const isSimple = members.every(([, each]) => isScalar(each) || isList(each));
  if (!isSimple) return plainJSON(value);
  const flat = members.filter(([, each]) => !isList(each));
  const rows = flat.map(([name, each]) => ({ term: plainLine(name), text: scalarText(each) }));
  const lists = members.flatMap(([name, each]) =>
    isList(each) ? [`${plainLine(name)}:\n${listText(each, screen)}`] : [],
  );
  return [...(rows.length === 0 ? [] : [tableLines(rows, screen).join("\n")]), ...lists].join("\n");
}

type Scalar = string | number | boolean | null;

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value !== "object";
}

/** True for a list of objects whose members are scalar. */
function isList(value: unknown): value is readonly JSONObject[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((row) => isObject(row) && Object.values(row).every(isScalar));
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? plainLine(value) : String(value);
}

/** Returns a table with one column for each member. Wide cells are shortened in a terminal. */
function listText(list: readonly JSONObject[], { columns, paint }: Screen): string {
  const names = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const cells = list.map((row) => names.map((name) => (name in row ? scalarText(row[name]) : "")));
  const heads = names.map(plainLine);
  const natural = heads.map((head, index) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(row[index] ?? ""))),
  );
  const widths = fitted(natural, columns - 2 * names.length);
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const shown = clipTo(cell, width);
        return shown + " ".repeat(width - widthOf(shown));
      })
      .join("  ");
  const head = paint("cyan", `  ${lineOf(heads)}`.trimEnd());
  return [head, ...cells.map((row) => `  ${lineOf(row)}`.trimEnd())].join("\n");
}

/** Reduces the widest columns until the sum fits. */
function fitted(widths: readonly number[], columns: number): readonly number[] {
  const fitting = [...widths];
  for (;;) {
    const sum = fitting.reduce((total, width) => total + width, 0);
    const widest = Math.max(...fitting);
    if (sum <= columns || widest <= 4) return fitting;
    fitting[fitting.indexOf(widest)] =
      widest - Math.min(widest - 4, Math.max(1, Math.ceil((sum - columns) / fitting.length)));
  }
}
