/** A tool: its description, a form for its arguments, and its last call. */
import type { JSONObject, Tool } from "lutra/protocol";
import { useState } from "preact/hooks";
import { Badge, type Tone } from "../../../components/badge.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { lastRunOf, startRun } from "../explore-state.ts";
import { initialValue } from "../form/initial-value.ts";
import { JsonInput } from "../form/json-input.tsx";
import { SchemaForm } from "../form/schema-form.tsx";
import { RunPanel } from "../run/run-panel.tsx";
import { CallForm } from "./call-form.tsx";
import { useDraft } from "./drafts.ts";
import { EntryHead } from "./entry-head.tsx";

export function ToolView({ tool }: { readonly tool: Tool }) {
  const { name, inputSchema, outputSchema } = tool;
  const initial = () => (initialValue(inputSchema, inputSchema) ?? {}) as JSONObject;
  const [args, setArgs] = useDraft(`tool ${name}`, initial);
  const [isText, setText] = useState(false);
  const run = lastRunOf("tool", (each) => each === name);
  return (
    <article class="entry">
      <EntryHead kind="Tool" name={name} title={tool.title} description={tool.description}>
        <Annotations tool={tool} />
      </EntryHead>
      <CallForm
        action="Call"
        onSubmit={() => startRun("tool", name, args)}
        actions={
          <>
            <button type="button" class="quiet" onClick={() => setText(!isText)}>
              {isText ? "Edit as form" : "Edit as JSON"}
            </button>
            <button type="button" class="quiet" onClick={() => setArgs(initial())}>
              Reset
            </button>
          </>
        }
      >
        {isText ? (
          <ArgumentsAsText args={args} onChange={setArgs} />
        ) : (
          <SchemaForm id="argument" schema={inputSchema} value={args} onChange={setArgs} />
        )}
      </CallForm>
      {run !== undefined && <RunPanel key={run.id} run={run} />}
      <details class="card schemas">
        <summary>Schema</summary>
        <h2>Input</h2>
        <JsonView value={inputSchema} depth={4} />
        {outputSchema !== undefined && (
          <>
            <h2>Output</h2>
            <JsonView value={outputSchema} depth={4} />
          </>
        )}
      </details>
    </article>
  );
}

interface ArgumentsProps {
  readonly args: JSONObject;
  readonly onChange: (args: JSONObject) => void;
}

function ArgumentsAsText({ args, onChange }: ArgumentsProps) {
  return (
    <div class="field">
      <label for="arguments">Arguments as JSON</label>
      <JsonInput
        id="arguments"
        name="arguments"
        field={{ kind: "json", hints: [] }}
        root={{}}
        isRequired
        value={args}
        onChange={(value) => onChange((value ?? {}) as JSONObject)}
      />
    </div>
  );
}

/** The hints of the server about the effects of a tool. */
const hints: readonly (readonly [
  hint: "readOnlyHint" | "destructiveHint" | "idempotentHint" | "openWorldHint",
  text: string,
  tone: Tone,
])[] = [
  ["readOnlyHint", "read-only", "good"],
  ["destructiveHint", "destructive", "bad"],
  ["idempotentHint", "idempotent", "neutral"],
  ["openWorldHint", "open world", "neutral"],
];

function Annotations({ tool: { annotations = {} } }: { readonly tool: Tool }) {
  return (
    <>
      {hints.map(([hint, text, tone]) =>
        (annotations as { readonly [hint: string]: unknown })[hint] === true ? (
          <Badge key={hint} tone={tone} title={hint}>
            {text}
          </Badge>
        ) : null,
      )}
    </>
  );
}
