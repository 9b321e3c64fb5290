/**
 * The members that hold identifiers which servers mint, as data: whatever their methods are called,
 * they are sealed and opened wherever they appear.
 */
import type { Method } from "lutra/protocol";

export interface MintedIdKind {
  /** The member of params, results and notifications. */
  readonly field: string;
  /** The member of a subscription's filter that lists several. */
  readonly filterField: string;
  /** The extension that defines it. Without it declared, no request that has one is passed on. */
  readonly extension?: string | undefined;
}

const knownKinds: readonly MintedIdKind[] = [
  { field: "taskId", filterField: "taskIds", extension: "io.modelcontextprotocol/tasks" },
];

/** The kinds of ids: the known ones, and what names the subject of further methods. */
export function mintedIdKinds(methods: readonly Method[]): readonly MintedIdKind[] {
  const kinds = new Map(knownKinds.map((kind) => [kind.field, kind]));
  for (const { nameField } of methods) {
    if (nameField === undefined || kinds.has(nameField)) continue;
    kinds.set(nameField, { field: nameField, filterField: `${nameField}s` });
  }
  return [...kinds.values()];
}
