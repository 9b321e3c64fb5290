/** Code that repeats a call, to be copied. */
import { CopyButton } from "../../../components/copy-button.tsx";
import { type RunDetails, target } from "../explore-state.ts";
import { curlOf, programOf } from "./code-snippets.ts";

export function CodeView({ run }: { readonly run: RunDetails }) {
  const curl = curlOf(run.messages);
  return (
    <div class="stack">
      {target.value !== undefined && <Snippet title="Lutra" text={programOf(run, target.value)} />}
      {curl === undefined ? (
        <p class="dim">There is no curl command, because the call was not sent over HTTP.</p>
      ) : (
        <Snippet title="curl" text={curl} />
      )}
    </div>
  );
}

function Snippet({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div class="block">
      <div class="block-bar">
        <h3>{title}</h3>
        <span class="grow" />
        <CopyButton text={() => text} label={`Copy ${title}`} />
      </div>
      <pre class="code">{text}</pre>
    </div>
  );
}
