/** Structured content: lists of records as tables, everything else as a tree. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../../components/copy-button.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { type Column, Table } from "../../../components/table.tsx";
import { isRecord, type NamedRecords, recordsIn } from "./records.ts";

/** Number of rows that are shown at first. */
const shownRows = 50;

export function StructuredView({ value }: { readonly value: unknown }) {
  const found = recordsIn(value);
  const [isTree, setTree] = useState(false);
  return (
    <div class="block">
      <div class="block-bar">
        {found.length > 0 && (
          <>
            <button
              type="button"
              class="quiet small"
              aria-pressed={!isTree}
              onClick={() => setTree(false)}
            >
              Table
            </button>
            <button
              type="button"
              class="quiet small"
              aria-pressed={isTree}
              onClick={() => setTree(true)}
            >
              JSON
            </button>
          </>
        )}
        <span class="grow" />
        <CopyButton text={() => JSON.stringify(value, undefined, 2)} />
      </div>
      {isTree || found.length === 0 ? (
        <JsonView value={value} depth={4} />
      ) : (
        <div class="stack">
          <Scalars value={value} />
          {found.map((records) => (
            <RecordTable key={records.name} {...records} />
          ))}
        </div>
      )}
    </div>
  );
}

/** The members beside the lists. */
function Scalars({ value }: { readonly value: unknown }) {
  if (!isRecord(value)) return null;
  const entries = Object.entries(value).filter(([, member]) => recordsIn(member).length === 0);
  if (entries.length === 0) return null;
  return <JsonView value={Object.fromEntries(entries)} depth={1} />;
}

function RecordTable({ name, records }: NamedRecords) {
  const [isWhole, setWhole] = useState(false);
  const keys = [...new Set(records.slice(0, shownRows).flatMap(Object.keys))];
  const columns = keys.map(
    (key): Column<NamedRecords["records"][number]> => ({
      title: key,
      isNumber: records.every((record) => ["number", "undefined"].includes(typeof record[key])),
      cell: (record) => cellText(record[key]),
    }),
  );
  const rows = isWhole ? records : records.slice(0, shownRows);
  return (
    <div class="stack">
      <Table
        label={name === "" ? "Result" : name}
        columns={columns}
        rows={rows}
        keyOf={(_, index) => index}
      />
      {rows.length < records.length && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          {`All ${records.length} rows`}
        </button>
      )}
    </div>
  );
}

function cellText(value: unknown) {
  if (value === undefined) return "";
  if (typeof value === "object" && value !== null) return <JsonView value={value} depth={0} />;
  return String(value);
}
