/** A question of the server, which is answered in place. */
import type { ElicitFormParams, ElicitURLParams, JSONObject } from "lutra/protocol";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Question } from "../../../../server/explore/questions.ts";
import { fetchJson } from "../../../api.ts";
import { JsonView } from "../../../components/json-view.tsx";
import { SchemaForm } from "../form/schema-form.tsx";

export function QuestionCard({ question }: { readonly question: Question }) {
  const [problem, setProblem] = useState("");
  const answer = (body: object) => {
    setProblem("");
    fetchJson("explore/answer", { id: question.id, ...body }).catch((error: Error) => {
      setProblem(error.message);
    });
  };
  const Body = bodies[question.kind];
  return (
    <section class="question" aria-label="Question of the server">
      <p class="eyebrow">
        The server asks{question.name !== undefined && <code>{` ${question.name}`}</code>}
      </p>
      <Body question={question} answer={answer} />
      <p class="problem" role="alert">
        {problem}
      </p>
    </section>
  );
}

interface BodyProps {
  readonly question: Question;
  readonly answer: (body: object) => void;
}

/** The three kinds of answers. */
const bodies = { form: FormQuestion, url: UrlQuestion, sampling: SamplingQuestion };

function FormQuestion({ question, answer }: BodyProps) {
  const { message, requestedSchema } = question.params as ElicitFormParams;
  const [content, setContent] = useState<JSONObject>(question.defaults);
  const submit = (event: Event) => {
    event.preventDefault();
    answer({ action: "accept", content });
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <p class="asked">{message}</p>
      <SchemaForm
        id={`question-${question.id}`}
        schema={requestedSchema as unknown as JSONObject}
        value={content}
        onChange={setContent}
      />
      <Actions answer={answer}>
        <button type="submit" class="primary">
          Send
        </button>
      </Actions>
    </form>
  );
}

/** The user sees the whole address before it is opened. */
function UrlQuestion({ question, answer }: BodyProps) {
  const { message, url } = question.params as ElicitURLParams;
  const { host } = new URL(url);
  const open = () => {
    window.open(url, "_blank", "noopener,noreferrer");
    answer({ action: "accept" });
  };
  return (
    <div class="stack">
      <p class="asked">{message}</p>
      <p>
        The server asks you to open a page of <strong>{host}</strong>:
      </p>
      <pre class="code">{url}</pre>
      <Actions answer={answer}>
        <button type="button" class="primary" onClick={open}>
          Open the page
        </button>
      </Actions>
    </div>
  );
}

/** The user writes what a model would answer. */
function SamplingQuestion({ question, answer }: BodyProps) {
  const [text, setText] = useState("");
  const id = `question-${question.id}-text`;
  const submit = (event: Event) => {
    event.preventDefault();
    answer({ action: "accept", text });
  };
  return (
    <form class="stack" onSubmit={submit}>
      <p class="asked">The server asks for a message of a model. Write it yourself.</p>
      <JsonView value={question.params} depth={3} />
      <div class="field">
        <label for={id}>Message</label>
        <textarea
          id={id}
          rows={3}
          required
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </div>
      <div class="row">
        <button type="submit" class="primary">
          Send
        </button>
      </div>
    </form>
  );
}

interface ActionsProps {
  readonly answer: BodyProps["answer"];
  readonly children: ComponentChildren;
}

function Actions({ answer, children }: ActionsProps) {
  return (
    <div class="row">
      {children}
      <button type="button" onClick={() => answer({ action: "decline" })}>
        Decline
      </button>
      <button type="button" class="quiet" onClick={() => answer({ action: "cancel" })}>
        Cancel
      </button>
    </div>
  );
}
