/** A prompt: its arguments with suggestions, and its messages. */
import type { Prompt } from "lutra/protocol";
import { lastRunOf, startRun } from "../explore-state.ts";
import { RunPanel } from "../run/run-panel.tsx";
import { CallForm } from "./call-form.tsx";
import { useDraft } from "./drafts.ts";
import { EntryHead } from "./entry-head.tsx";
import { TextArguments } from "./text-arguments.tsx";

export function PromptView({ prompt }: { readonly prompt: Prompt }) {
  const { name, title, description, arguments: list = [] } = prompt;
  const [args, setArgs] = useDraft(`prompt ${name}`, () => ({}));
  const run = lastRunOf("prompt", (each) => each === name);
  return (
    <article class="entry">
      <EntryHead kind="Prompt" name={name} title={title} description={description} />
      <CallForm action="Get" onSubmit={() => startRun("prompt", name, args)}>
        <TextArguments
          list={list}
          values={args}
          onChange={setArgs}
          reference={{ type: "ref/prompt", name }}
        />
      </CallForm>
      {run !== undefined && <RunPanel key={run.id} run={run} />}
    </article>
  );
}
