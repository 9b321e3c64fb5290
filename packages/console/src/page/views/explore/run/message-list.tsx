/** Messages between client and server, each with its headers and its JSON. */
import type { HttpPart, WireMessage } from "../../../../server/explore/wire-message.ts";
import { Badge } from "../../../components/badge.tsx";
import { CopyButton } from "../../../components/copy-button.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { parsedMessage, subjectsOf } from "./message-subjects.ts";

export interface MessageListProps {
  readonly messages: readonly WireMessage[];
  /** True to show the content of all messages at first. */
  readonly isOpen?: boolean;
}

export function MessageList({ messages, isOpen = false }: MessageListProps) {
  if (messages.length === 0) return <p class="dim">No messages.</p>;
  const subjects = subjectsOf(messages);
  return (
    <ol class="messages">
      {messages.map((message) => (
        <li key={message.id}>
          <MessageView message={message} subject={subjects.get(message) ?? ""} isOpen={isOpen} />
        </li>
      ))}
    </ol>
  );
}

interface MessageProps {
  readonly message: WireMessage;
  readonly subject: string;
  readonly isOpen: boolean;
}

function MessageView({ message, subject, isOpen }: MessageProps) {
  const { direction, http, text, isCut, at } = message;
  const value = parsedMessage(text);
  const isSent = direction === "sent";
  return (
    <details class={direction} open={isOpen}>
      <summary>
        <span class="arrow" aria-hidden="true">
          {isSent ? "→" : "←"}
        </span>
        <span class="visually-hidden">{direction}</span>
        <span class="grow subject">{subject}</span>
        {http?.status !== undefined && (
          <Badge tone={http.status < 400 ? "good" : "bad"}>{String(http.status)}</Badge>
        )}
        <time class="dim small">{timeText(at)}</time>
      </summary>
      <div class="message-body">
        {http !== undefined && <Headers http={http} />}
        {value === undefined ? (
          text !== "" && <pre class="plain">{text}</pre>
        ) : (
          <JsonView value={value} depth={4} />
        )}
        {isCut && <p class="notice warn">The rest of this message was not kept.</p>}
        {text !== "" && <CopyButton text={() => text} label="Copy message" />}
      </div>
    </details>
  );
}

function Headers({ http }: { readonly http: HttpPart }) {
  const { method, url, status, headers } = http;
  return (
    <div class="headers mono">
      <p>{method === undefined ? `HTTP ${status}` : `${method} ${url}`}</p>
      {headers.map(([name, value]) => (
        <p key={name}>
          <span class="key">{`${name}: `}</span>
          {value}
        </p>
      ))}
    </div>
  );
}

function timeText(at: number): string {
  const time = new Date(at);
  const ms = String(time.getMilliseconds()).padStart(3, "0");
  return `${time.toLocaleTimeString("en-GB")}.${ms}`;
}
