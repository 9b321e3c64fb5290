/** The entry that a request refers to, by the name that the request contains. */
import { nameOf } from "lutra/internal";
import {
  callTool,
  complete,
  getPrompt,
  isObject,
  type JSONObject,
  listen,
  type Method,
  readResource,
} from "lutra/protocol";
import { getSkill, readDirectory } from "lutra/skills";
import type { Head } from "../head/head.ts";
import type { SubjectKind } from "./subject.ts";

/** The kind of an entry, and its name as the client sent it. */
export interface Reference {
  readonly kind: SubjectKind;
  readonly name: string;
}

/** Methods by name. */
type Methods = ReadonlyMap<string, Method>;

/** The kinds of entries by the method that uses them. */
const kinds: ReadonlyMap<string, SubjectKind> = new Map([
  [callTool.name, "tool"],
  [getPrompt.name, "prompt"],
  [readResource.name, "resource"],
]);

/** The methods whose reference is only in the body, because no header mirrors it. */
const bodyReferences: ReadonlyMap<string, (params: JSONObject) => Reference | undefined> = new Map([
  [complete.name, referenceOfCompletion],
  [getSkill.name, referenceToResource],
  [readDirectory.name, referenceToResource],
]);

/** Returns the method that uses entries of a kind, and undefined for ids. */
export function usingMethod(kind: SubjectKind): string | undefined {
  for (const [method, used] of kinds) if (used === kind) return method;
  return undefined;
}

/** Returns true if the methods include one that can refer to entries of the kind. */
export function canRefer(fits: (method: string) => boolean, kind: SubjectKind): boolean {
  return [...kinds, ...further].some(([method, used]) => used === kind && fits(method));
}

/** The kinds of entries that further methods refer to in other members of the body. */
const further = [
  [complete.name, "prompt"],
  [complete.name, "resource"],
  [listen.name, "resource"],
  [getSkill.name, "resource"],
  [readDirectory.name, "resource"],
] as const;

/** Returns true for a method whose reference is only in the body. */
export function refersInBody(method: string | undefined): boolean {
  return method !== undefined && bodyReferences.has(method);
}

/** Returns the reference in the headers of a request. */
export function referenceOfHead({
  method,
  name,
}: Pick<Head, "method" | "name">): Reference | undefined {
  if (method === undefined || name === undefined) return undefined;
  return { kind: kinds.get(method) ?? "id", name };
}

/** Returns the reference in the body of a request. */
export function referenceIn(
  method: string,
  params: JSONObject = {},
  methods: Methods,
): Reference | undefined {
  const read = bodyReferences.get(method);
  if (read !== undefined) return read(params);
  const name = nameOf(methods.get(method), params);
  return name === undefined ? undefined : { kind: kinds.get(method) ?? "id", name };
}

/** Returns the skill or the directory that is read. */
function referenceToResource({ uri }: JSONObject): Reference | undefined {
  return typeof uri === "string" ? { kind: "resource", name: uri } : undefined;
}

/** Returns the prompt or the resource template whose arguments are completed. */
function referenceOfCompletion({ ref }: JSONObject): Reference | undefined {
  if (!isObject(ref)) return undefined;
  const isPrompt = ref.type === "ref/prompt";
  const name = isPrompt ? ref.name : ref.uri;
  if (typeof name !== "string") return undefined;
  return { kind: isPrompt ? "prompt" : "resource", name };
}
