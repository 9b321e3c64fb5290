/**
 * Descriptions of the members that hold ids minted by servers. These ids are sealed and opened in the
 * messages of all methods.
 */
import type { Method } from "lutra/protocol";
import { getTask, taskFilterMember, tasksId } from "lutra/tasks";

export interface MintedIdKind {
  /** The member of params, results and notifications. */
  readonly field: string;
  /** The member of a subscription's filter that lists such ids. */
  readonly filterField: string;
  /** The extension that defines the member. Requests with the member must declare it. */
  readonly extension?: string | undefined;
}

const knownKinds: readonly MintedIdKind[] = [
  { field: getTask.nameField as string, filterField: taskFilterMember, extension: tasksId },
];

/** Returns the known kinds, and one for each further `nameField` of the methods. */
export function mintedIdKinds(methods: readonly Method[]): readonly MintedIdKind[] {
  const kinds = new Map(knownKinds.map((kind) => [kind.field, kind]));
  for (const { nameField } of methods) {
    if (nameField === undefined || kinds.has(nameField)) continue;
    kinds.set(nameField, { field: nameField, filterField: `${nameField}s` });
  }
  return [...kinds.values()];
}
