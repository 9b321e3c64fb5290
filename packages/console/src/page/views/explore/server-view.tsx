/** The server itself: its versions, its capabilities, its instructions, and its output. */
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { Table } from "../../components/table.tsx";
import { EraChoice } from "./era-choice.tsx";
import {
  type ChangeNotification,
  catalogue,
  catalogueProblem,
  isReading,
  notifications,
  output,
  questions,
  readCatalogue,
  subscriptions,
  target,
} from "./explore-state.ts";
import { Markdown } from "./result/loaded-markdown.tsx";
import { QuestionCard } from "./run/question-card.tsx";
import { SignInCard } from "./sign-in-card.tsx";

export function ServerView() {
  const known = catalogue.value;
  const title = String(known?.server.title ?? known?.server.name ?? target.value?.label ?? "");
  const { url, command, args = [], file, headers = [] } = target.value ?? {};
  const address = url ?? file ?? (command === undefined ? "" : [command, ...args].join(" "));
  return (
    <article class="entry">
      <header class="entry-head">
        <p class="eyebrow">Server</p>
        <h1>{title}</h1>
        {address !== "" && <code class="dim">{address}</code>}
        {headers.length > 0 && <p class="small dim">{`with ${headers.join(", ")}`}</p>}
      </header>
      {catalogueProblem.value !== undefined && (
        <p class="notice bad" role="alert">
          {catalogueProblem.value}
        </p>
      )}
      <SignInCard />
      {questions.value
        .filter(({ runId }) => runId === undefined)
        .map((question) => (
          <QuestionCard key={question.id} question={question} />
        ))}
      <div class="card connection">
        {target.value?.kind !== "module" && <EraChoice />}
        <button type="button" disabled={isReading.value} onClick={() => void readCatalogue()}>
          Read the lists again
        </button>
      </div>
      {known !== undefined && (
        <>
          <section class="card facts" aria-label="Facts">
            <Versions versions={known.supportedVersions} />
            <h2>Capabilities</h2>
            <JsonView value={known.capabilities} depth={3} />
          </section>
          {known.instructions !== undefined && (
            <section class="card facts" aria-label="Instructions">
              <h2>Instructions for models</h2>
              <Markdown text={known.instructions} />
            </section>
          )}
        </>
      )}
      <Changes />
      {output.value.length > 0 && (
        <section class="card facts" aria-label="Output">
          <h2>Output of the server</h2>
          <pre class="code">{output.value.join("\n")}</pre>
        </section>
      )}
    </article>
  );
}

function Versions({ versions }: { readonly versions: readonly string[] }) {
  return (
    <>
      <h2>Protocol versions</h2>
      <p class="row">
        {versions.map((version) => (
          <Badge key={version}>{version}</Badge>
        ))}
      </p>
    </>
  );
}

function Changes() {
  const { problem } = subscriptions.value;
  return (
    <section class="card facts" aria-label="Announced changes">
      <h2>Announced changes</h2>
      {problem !== undefined && <p class="notice warn">{problem}</p>}
      <Table<ChangeNotification>
        label="Announced changes"
        rows={[...notifications.value].reverse().slice(0, 50)}
        keyOf={(_, index) => index}
        empty="None so far."
        columns={[
          { title: "Time", cell: ({ at }) => new Date(at).toLocaleTimeString("en-GB") },
          { title: "Notification", cell: ({ method }) => <code>{method}</code> },
          { title: "Resource", cell: ({ params }) => params?.uri ?? "" },
        ]}
      />
    </section>
  );
}
