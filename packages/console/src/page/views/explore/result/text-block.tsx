/** A text of a result: as Markdown, as JSON, or as it is. */
import { useState } from "preact/hooks";
import { CopyButton } from "../../../components/copy-button.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { countText } from "../../../units.ts";
import { Markdown } from "./loaded-markdown.tsx";

export interface TextBlockProps {
  readonly text: string;
  readonly mimeType?: string | undefined;
}

type Form = "plain" | "markdown" | "json";

const names: { readonly [form in Form]: string } = {
  plain: "Text",
  markdown: "Markdown",
  json: "JSON",
};

/** Number of characters that are shown at first. A browser is slow with millions of them. */
const shownCharacters = 100_000;

export function TextBlock({ text, mimeType = "" }: TextBlockProps) {
  const json = parsed(text);
  const forms: readonly Form[] = json === undefined ? ["markdown", "plain"] : ["json", "plain"];
  const likely = json === undefined ? likelyForm(text, mimeType) : "json";
  const [form, setForm] = useState<Form>(likely);
  const shown = forms.includes(form) ? form : likely;
  const [isWhole, setWhole] = useState(false);
  const isCut = !isWhole && shown !== "json" && text.length > shownCharacters;
  const visible = isCut ? text.slice(0, shownCharacters) : text;
  return (
    <div class="block">
      <div class="block-bar">
        {forms.map((each) => (
          <button
            key={each}
            type="button"
            class="quiet small"
            aria-pressed={each === shown}
            onClick={() => setForm(each)}
          >
            {names[each]}
          </button>
        ))}
        <span class="grow" />
        <CopyButton text={() => text} />
      </div>
      {shown === "json" && <JsonView value={json} depth={3} />}
      {shown === "markdown" && <Markdown text={visible} />}
      {shown === "plain" && <pre class="plain">{visible}</pre>}
      {isCut && (
        <button type="button" class="quiet" onClick={() => setWhole(true)}>
          {`Show all ${countText(text.length)} characters`}
        </button>
      )}
    </div>
  );
}

/** Signs of Markdown: headings, lists, code, tables, links, bold text. */
const markdownSigns =
  /^(?:#{1,6} |[-*] |\d+\. |> |```|\|)|\*\*[^*\n]+\*\*|\[[^\]\n]+\]\([^)\n]+\)|`[^`\n]+`/m;

function likelyForm(text: string, mimeType: string): Form {
  if (/markdown/i.test(mimeType)) return "markdown";
  if (mimeType !== "" && !/^text\/plain/i.test(mimeType)) return "plain";
  return markdownSigns.test(text.slice(0, 20_000)) ? "markdown" : "plain";
}

/** Returns the object or array that a text contains, or undefined. */
function parsed(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
