/** Leaves entries out of lists. */
import { isObject, type Middleware, type Result } from "lutra/protocol";
import { type ListKind, listKinds } from "./list-kinds.ts";
import type { SubjectKind } from "./subject.ts";

/** Returns true for an entry that stays in its list, given its name, URI or URI template. */
type IsShown = (name: string) => boolean;

/** Tests of entries by their kind. Lists of other kinds stay complete. */
export type ShownByKind = ReadonlyMap<SubjectKind, IsShown>;

const kindOfMethod: ReadonlyMap<string, ListKind> = new Map(
  Object.values(listKinds).map((kind) => [kind.method.name, kind]),
);

/** Returns true for a method whose results a filter for these kinds of entries changes. */
export function isFiltered(
  method: string | undefined,
  shown: ReadonlyMap<SubjectKind, unknown>,
): boolean {
  const kind = method === undefined ? undefined : kindOfMethod.get(method);
  return kind !== undefined && shown.has(kind.entry);
}

/** Leaves entries out of the lists of an upstream. Its pages may become shorter. */
export function filterLists(shown: ShownByKind): Middleware {
  return (next) => (request, context) => {
    const kind = kindOfMethod.get(request.method);
    const isShown = kind && shown.get(kind.entry);
    if (kind === undefined || isShown === undefined) return next(request, context);
    return next(request, context).then((result) => filtered(result, kind, isShown));
  };
}

function filtered(result: Result, { field, key }: ListKind, isShown: IsShown): Result {
  const entries = result[field];
  if (!Array.isArray(entries)) return result;
  const kept = entries.filter((entry) => {
    const name = isObject(entry) ? entry[key] : undefined;
    return typeof name !== "string" || isShown(name);
  });
  return kept.length === entries.length ? result : { ...result, [field]: kept };
}
