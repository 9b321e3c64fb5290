/** The messages of the whole session, also those of lists and subscriptions. */
import { useEffect, useState } from "preact/hooks";
import type { WireMessage } from "../../../server/explore/wire-message.ts";
import { fetchJson } from "../../api.ts";
import { messageCount } from "./explore-state.ts";
import { MessageList } from "./run/message-list.tsx";

/** Number of messages that are shown. */
const maxShown = 200;

export function MessagesView() {
  const [messages, setMessages] = useState<readonly WireMessage[]>([]);
  const [search, setSearch] = useState("");
  const last = messages.at(-1)?.id ?? 0;
  useEffect(() => {
    const abort = new AbortController();
    const path = `explore/messages?after=${last}`;
    fetchJson<readonly WireMessage[]>(path, undefined, { signal: abort.signal }).then(
      (newer) => {
        if (newer.length > 0) setMessages((known) => [...known, ...newer].slice(-maxShown));
      },
      () => {},
    );
    return () => abort.abort();
  }, [messageCount.value]);
  const words = search.toLowerCase();
  const found = messages.filter(({ text }) => text.toLowerCase().includes(words));
  return (
    <article class="entry">
      <header class="entry-head">
        <p class="eyebrow">This session</p>
        <h1>Messages</h1>
        <p class="dim">{`The last ${maxShown} messages, the newest first.`}</p>
      </header>
      <input
        type="search"
        aria-label="Search messages"
        placeholder="Search"
        value={search}
        onInput={({ currentTarget }) => setSearch(currentTarget.value)}
      />
      <div class="card run">
        <MessageList messages={[...found].reverse()} />
      </div>
    </article>
  );
}
