/** The head of an entry: its name, its description, and facts about it. */
import type { ComponentChildren } from "preact";
import { Markdown } from "../result/loaded-markdown.tsx";

export interface EntryHeadProps {
  /** The kind in one word, such as "Tool". */
  readonly kind: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Badges. */
  readonly children?: ComponentChildren;
}

export function EntryHead({ kind, name, title, description, children }: EntryHeadProps) {
  return (
    <header class="entry-head">
      <p class="eyebrow">{kind}</p>
      <h1>{title ?? name}</h1>
      {title !== undefined && title !== name && <code class="dim">{name}</code>}
      <div class="row">{children}</div>
      {description !== undefined && description !== "" && <Markdown text={description} />}
    </header>
  );
}
