/** The messages of an exchange, as far as the gateway has kept them. */
import type { RecentExchange, RecordedMessage, TraceSettings } from "../../../server/traces-api.ts";
import { Badge, type Tone } from "../../components/badge.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { durationText } from "../../units.ts";

export interface MessagesProps {
  readonly exchange: RecentExchange;
  readonly mode: TraceSettings["messages"] | undefined;
}

export function Messages({ exchange: { messages }, mode }: MessagesProps) {
  return (
    <section class="messages" aria-label="Messages">
      <h3>Messages</h3>
      {messages === undefined || messages.length === 0 ? (
        <p class="dim">{absenceOf(mode)}</p>
      ) : (
        messages.map((message, index) => <Message key={index} message={message} />)
      )}
    </section>
  );
}

function absenceOf(mode: MessagesProps["mode"]): string {
  if (mode !== "none") return "The request was answered before its body was read.";
  return "The gateway keeps no messages. Set admin.console.messages to masked or all to see them.";
}

const tones: { readonly [kind in RecordedMessage["kind"]]: Tone } = {
  request: "info",
  notification: "neutral",
  result: "good",
  error: "bad",
};

function Message({ message: { kind, atMs, text } }: { readonly message: RecordedMessage }) {
  return (
    <details open={kind !== "notification"}>
      <summary class="spread">
        <span class="row">
          <Badge tone={tones[kind]}>{kind}</Badge>
          <span class="small dim">after {durationText(atMs)}</span>
        </span>
        <CopyButton text={() => text} />
      </summary>
      <Content text={text} />
    </details>
  );
}

/** A message that was cut off is not valid JSON. */
function Content({ text }: { readonly text: string }) {
  try {
    return <JsonView value={JSON.parse(text)} depth={4} />;
  } catch {
    return <pre>{text}</pre>;
  }
}
