/** The navigation of the view: the server, its lists with a search, and the records of the session. */
import { useState } from "preact/hooks";
import { WindowedList } from "../../components/windowed-list.tsx";
import { hrefOf, navigate } from "../../router.ts";
import { catalogue, questions, runs, signIn } from "./explore-state.ts";
import { type EntryList, type ListedEntry, lists, searchEntries } from "./lists.ts";
import { ServerCard } from "./server-card.tsx";

export interface SidebarProps {
  /** The part of the address that names a list or a record. */
  readonly section: string;
  /** The key of the entry that is shown. */
  readonly selected: string | undefined;
}

const rowHeight = 52;

export function Sidebar({ section, selected }: SidebarProps) {
  const list = lists.find(({ name }) => name === section) ?? lists[0];
  return (
    <aside class="sidebar" aria-label="Server">
      <ServerCard isSelected={section === "server"} />
      <nav class="sections" aria-label="Lists">
        {lists.map((each) => (
          <SectionLink key={each.name} list={each} isSelected={each.name === section} />
        ))}
        <RecordLink name="history" title="History" count={runs.value.length} section={section} />
        <RecordLink name="messages" title="Messages" section={section} />
      </nav>
      <OpenQuestions />
      {list !== undefined && section !== "history" && section !== "messages" && (
        <Entries key={list.name} list={list} selected={selected} />
      )}
    </aside>
  );
}

interface SectionLinkProps {
  readonly list: EntryList;
  readonly isSelected: boolean;
}

function SectionLink({ list: { name, title, listedIn }, isSelected }: SectionLinkProps) {
  const listed = catalogue.value && listedIn(catalogue.value);
  return (
    <a href={hrefOf(["explore", name])} aria-current={isSelected ? "page" : undefined}>
      {title}
      {listed !== undefined && (
        <span class={listed.problem === undefined ? "count" : "count bad"}>
          {listed.problem === undefined ? listed.entries.length : "!"}
        </span>
      )}
    </a>
  );
}

interface RecordLinkProps {
  readonly name: string;
  readonly title: string;
  readonly count?: number;
  readonly section: string;
}

function RecordLink({ name, title, count, section }: RecordLinkProps) {
  return (
    <a href={hrefOf(["explore", name])} aria-current={name === section ? "page" : undefined}>
      {title}
      {count !== undefined && <span class="count">{count}</span>}
    </a>
  );
}

/** Leads to the calls that wait for the user, and to the sign-in. */
export function OpenQuestions() {
  const [first] = questions.value;
  if (signIn.value?.phase === "waiting") {
    return (
      <a class="notice warn asks" href={hrefOf(["explore", "server"])}>
        The server asks you to sign in
      </a>
    );
  }
  if (first === undefined) return null;
  const href = first.runId === undefined ? ["server"] : ["history", String(first.runId)];
  return (
    <a class="notice warn asks" href={hrefOf(["explore", ...href])}>
      {questions.value.length === 1
        ? "The server asks a question"
        : `The server asks ${questions.value.length} questions`}
    </a>
  );
}

interface EntriesProps {
  readonly list: EntryList;
  readonly selected: string | undefined;
}

function Entries({ list, selected }: EntriesProps) {
  const [search, setSearch] = useState("");
  if (catalogue.value === undefined) return null;
  const { problem, isOffered } = list.listedIn(catalogue.value);
  const entries = list.entriesOf(catalogue.value);
  const found = searchEntries(entries, search);
  if (problem !== undefined) return <p class="notice bad">{problem}</p>;
  if (entries.length === 0) {
    const title = list.title.toLowerCase();
    return <p class="empty">{isOffered ? `No ${title}.` : `The server offers no ${title}.`}</p>;
  }
  return (
    <>
      <div class="search">
        <input
          type="search"
          aria-label={`Search ${list.title.toLowerCase()}`}
          aria-keyshortcuts="/"
          title="Press / to search"
          placeholder={`Search ${entries.length} ${list.title.toLowerCase()}`}
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          onKeyDown={({ key, currentTarget }) => {
            const [first] = found;
            if (key === "Enter" && first) navigate(["explore", list.name, first.key]);
            if (key === "ArrowDown") focusFirst(currentTarget);
          }}
        />
      </div>
      {found.length === 0 ? (
        <p class="empty">Nothing found.</p>
      ) : (
        <WindowedList
          label={list.title}
          items={found}
          rowHeight={rowHeight}
          keyOf={({ key }) => key}
          visible={selected}
          render={(entry) => (
            <EntryLink entry={entry} list={list} isSelected={entry.key === selected} />
          )}
        />
      )}
    </>
  );
}

/** Moves from the search to the first entry that it has found. */
function focusFirst(search: HTMLElement): void {
  search.closest(".sidebar")?.querySelector<HTMLElement>("a.entry-link")?.focus();
}

interface EntryLinkProps {
  readonly entry: ListedEntry;
  readonly list: EntryList;
  readonly isSelected: boolean;
}

function EntryLink({ entry, list, isSelected }: EntryLinkProps) {
  const { key, title, description } = entry;
  const note = firstLine(description) || key;
  return (
    <a
      class="entry-link"
      href={hrefOf(["explore", list.name, key])}
      aria-current={isSelected ? "page" : undefined}
      title={key}
    >
      <span class="entry-title">{title}</span>
      {note !== title && <span class="entry-note">{note}</span>}
    </a>
  );
}

/** Returns the first line without the marks of Markdown. */
function firstLine(text: string): string {
  const [line = ""] = text.trim().split("\n", 1);
  return line.replace(/^#+ |\*\*|`/g, "");
}
