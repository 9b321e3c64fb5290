/** Descriptions of the lists that are merged. */
import {
  type ListChanged,
  listPrompts,
  listResources,
  listResourceTemplates,
  listTools,
  type Method,
} from "lutra/protocol";

export interface ListKind {
  readonly method: Method;
  /** The member of the result that holds the entries. */
  readonly field: string;
  /** The member that identifies an entry on its server. */
  readonly key: string;
  /** The change notification that makes the list outdated. */
  readonly changedBy: ListChanged;
}

export type ListName = "tools" | "prompts" | "resources" | "resourceTemplates";

/** @spec server/utilities/pagination#operations-supporting-pagination */
export const listKinds: { readonly [List in ListName]: ListKind } = {
  tools: { method: listTools, field: "tools", key: "name", changedBy: "toolsListChanged" },
  prompts: { method: listPrompts, field: "prompts", key: "name", changedBy: "promptsListChanged" },
  resources: {
    method: listResources,
    field: "resources",
    key: "uri",
    changedBy: "resourcesListChanged",
  },
  resourceTemplates: {
    method: listResourceTemplates,
    field: "resourceTemplates",
    key: "uriTemplate",
    changedBy: "resourcesListChanged",
  },
};

export const listNames: readonly ListName[] = Object.keys(listKinds) as ListName[];
