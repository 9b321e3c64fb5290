/** A resource template: its variables with suggestions, and the resource that they name. */
import type { JSONObject, ResourceTemplate } from "lutra/protocol";
import { Badge } from "../../../components/badge.tsx";
import { expandTemplate, isExpansionOf, templateVariables } from "../expand-template.ts";
import { lastRunOf, startRun } from "../explore-state.ts";
import { RunPanel } from "../run/run-panel.tsx";
import { CallForm } from "./call-form.tsx";
import { useDraft } from "./drafts.ts";
import { EntryHead } from "./entry-head.tsx";
import { SubscribeButton } from "./resource-view.tsx";
import { TextArguments } from "./text-arguments.tsx";

export function TemplateView({ template }: { readonly template: ResourceTemplate }) {
  const { uriTemplate, name, title = name, description, mimeType } = template;
  const [values, setValues] = useDraft(`template ${uriTemplate}`, () => ({}));
  const uri = expandTemplate(uriTemplate, textsOf(values));
  const run = lastRunOf("resource", (each) => isExpansionOf(uriTemplate, each));
  return (
    <article class="entry">
      <EntryHead
        kind="Resource template"
        name={uriTemplate}
        title={title}
        description={description}
      >
        {mimeType !== undefined && <Badge>{mimeType}</Badge>}
      </EntryHead>
      <CallForm
        action="Read"
        onSubmit={() => startRun("resource", uri, {})}
        actions={<SubscribeButton uri={uri} />}
      >
        <TextArguments
          list={templateVariables(uriTemplate).map((variable) => ({ name: variable }))}
          values={values}
          onChange={setValues}
          reference={{ type: "ref/resource", uri: uriTemplate }}
        />
        <p class="small">
          <span class="dim">URI </span>
          <code>{uri}</code>
        </p>
      </CallForm>
      {run !== undefined && <RunPanel key={run.id} run={run} />}
    </article>
  );
}

function textsOf(values: JSONObject): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
