/** Descriptions of the lists that are merged. */
import {
  type ListChanged,
  listPrompts,
  listResources,
  listResourceTemplates,
  listTools,
  type Method,
} from "lutra/protocol";
import { listSkills } from "lutra/skills";
import type { SubjectKind } from "./subject.ts";

export interface ListKind {
  readonly method: Method;
  /** The kind of the entries; a template is the name of many resources. */
  readonly entry: SubjectKind;
  /** The member of the result that holds the entries. */
  readonly field: string;
  /** The member that identifies an entry on its server. */
  readonly key: string;
  /** The change notification that makes the list outdated. */
  readonly changedBy: ListChanged;
}

export type ListName = "tools" | "prompts" | "resources" | "resourceTemplates" | "skills";

/** @spec server/utilities/pagination#operations-supporting-pagination */
export const listKinds: { readonly [List in ListName]: ListKind } = {
  tools: {
    method: listTools,
    entry: "tool",
    field: "tools",
    key: "name",
    changedBy: "toolsListChanged",
  },
  prompts: {
    method: listPrompts,
    entry: "prompt",
    field: "prompts",
    key: "name",
    changedBy: "promptsListChanged",
  },
  resources: {
    method: listResources,
    entry: "resource",
    field: "resources",
    key: "uri",
    changedBy: "resourcesListChanged",
  },
  resourceTemplates: {
    method: listResourceTemplates,
    entry: "resource",
    field: "resourceTemplates",
    key: "uriTemplate",
    changedBy: "resourcesListChanged",
  },
  // A skill is the resource SKILL.md, so the rules for resources apply to it.
  skills: {
    method: listSkills,
    entry: "resource",
    field: "skills",
    key: "uri",
    changedBy: "resourcesListChanged",
  },
};

export const listNames: readonly ListName[] = Object.keys(listKinds) as ListName[];
