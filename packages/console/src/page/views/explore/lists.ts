/** The lists of a server, in the order of the navigation. */
import type { Catalogue, Listed } from "../../../server/explore/catalogue.ts";

/** An entry in a list. */
export interface ListedEntry {
  /** The name in the address: that of a tool or prompt, or a URI. */
  readonly key: string;
  readonly title: string;
  readonly description: string;
}

interface Described {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
}

export interface EntryList {
  /** The part of the address. */
  readonly name: "tools" | "resources" | "templates" | "prompts";
  readonly title: string;
  readonly listedIn: (catalogue: Catalogue) => Listed<Described>;
  readonly entriesOf: (catalogue: Catalogue) => readonly ListedEntry[];
}

const byName = ({ name, title = name, description = "" }: Described): ListedEntry => ({
  key: name,
  title,
  description,
});

export const lists: readonly EntryList[] = [
  {
    name: "tools",
    title: "Tools",
    listedIn: ({ tools }) => tools,
    entriesOf: ({ tools }) => tools.entries.map(byName),
  },
  {
    name: "resources",
    title: "Resources",
    listedIn: ({ resources }) => resources,
    entriesOf: ({ resources }) =>
      resources.entries.map((each) => ({ ...byName(each), key: each.uri })),
  },
  {
    name: "templates",
    title: "Templates",
    listedIn: ({ templates }) => templates,
    entriesOf: ({ templates }) =>
      templates.entries.map((each) => ({ ...byName(each), key: each.uriTemplate })),
  },
  {
    name: "prompts",
    title: "Prompts",
    listedIn: ({ prompts }) => prompts,
    entriesOf: ({ prompts }) => prompts.entries.map(byName),
  },
];

/** Returns the entries that contain all words of a search. */
export function searchEntries(
  entries: readonly ListedEntry[],
  search: string,
): readonly ListedEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter(({ key, title, description }) => {
    const text = `${key}\n${title}\n${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
