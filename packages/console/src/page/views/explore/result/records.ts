/** Finds the lists in structured content that a table shows better than a tree. */

type JsonRecord = { readonly [key: string]: unknown };

export interface NamedRecords {
  /** The name of the member, or nothing for the value itself. */
  readonly name: string;
  readonly records: readonly JsonRecord[];
}

/** Maximum number of columns of a table. Records with more are shown as a tree. */
const maxColumns = 12;

/** Returns the lists of records in a value and in its members. */
export function recordsIn(value: unknown): readonly NamedRecords[] {
  if (isRecordList(value)) return [{ name: "", records: value }];
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    isRecordList(member) ? [{ name, records: member }] : [],
  );
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRecordList(value: unknown): value is readonly JsonRecord[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord)) return false;
  return new Set(value.flatMap((record) => Object.keys(record as object))).size <= maxColumns;
}
