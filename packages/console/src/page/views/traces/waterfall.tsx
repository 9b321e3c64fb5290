/** The parts of an exchange over time: queue, attempts with their phases, and the response. */
import type { RecentExchange, TimelinePart } from "../../../server/traces-api.ts";
import { durationText } from "../../units.ts";

/** Length above which a wait is shown, in milliseconds. Most policies decide at once. */
const leastWaitMs = 0.1;

interface Bar {
  readonly label: string;
  readonly detail: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly tone: "whole" | "wait" | "attempt" | "failed";
  /** The parts of the bar, which begin where the previous one ends. */
  readonly phases: readonly { readonly name: string; readonly endMs: number }[];
}

export function Waterfall({ exchange }: { readonly exchange: RecentExchange }) {
  const { ms } = exchange;
  const bars = barsOf(exchange);
  const left = (at: number) => `${Math.min(100, (100 * at) / Math.max(ms, 0.001))}%`;
  const length = (from: number, to: number) =>
    `${Math.max(0.4, Math.min(100, (100 * (to - from)) / Math.max(ms, 0.001)))}%`;
  return (
    <figure class="waterfall">
      <figcaption class="visually-hidden">
        The parts of the exchange over {durationText(ms)}
      </figcaption>
      <ol>
        {bars.map((bar, index) => (
          <li key={index}>
            <span class="label" title={bar.detail}>
              {bar.label}
              {bar.detail !== "" && <span class="small dim"> {bar.detail}</span>}
            </span>
            <span class="track">
              <span
                class={`bar ${bar.tone}`}
                style={{ left: left(bar.startMs), width: length(bar.startMs, bar.endMs) }}
              >
                {bar.phases.map(({ name, endMs }, at) => {
                  const from = bar.phases[at - 1]?.endMs ?? bar.startMs;
                  const share = (endMs - from) / Math.max(bar.endMs - bar.startMs, 0.001);
                  const title = `${name}: ${durationText(endMs - from)}`;
                  return (
                    <span
                      key={name}
                      class={name}
                      title={title}
                      style={{ width: `${100 * share}%` }}
                    />
                  );
                })}
              </span>
            </span>
            <span class="duration small">{durationText(bar.endMs - bar.startMs)}</span>
          </li>
        ))}
      </ol>
      <p class="key small dim" aria-hidden="true">
        <span class="connect">connect</span>
        <span class="answer">wait for the answer</span>
        <span class="body">response</span>
        <span class="wait">queue or policy</span>
        <span class="failed">failed</span>
      </p>
    </figure>
  );
}

function barsOf(exchange: RecentExchange): readonly Bar[] {
  const { ms, timeline, method = "request" } = exchange;
  const whole: Bar = {
    label: method,
    detail: "",
    startMs: 0,
    endMs: ms,
    tone: "whole",
    phases: [],
  };
  const last = timeline.findLast(({ kind }) => kind === "attempt");
  const shown = timeline.filter((part) => part.kind === "attempt" || lengthOf(part) >= leastWaitMs);
  return [whole, ...shown.map((part) => barOf(part, part === last, exchange))];
}

function lengthOf({ startMs, endMs = startMs }: TimelinePart): number {
  return endMs - startMs;
}

/** The times of connection and answer are known for the last attempt only. */
function barOf(part: TimelinePart, isLast: boolean, exchange: RecentExchange): Bar {
  const { kind, name, replica, startMs, endMs = exchange.ms, failure } = part;
  if (kind === "wait") {
    return { label: `wait: ${name}`, detail: "", startMs, endMs, tone: "wait", phases: [] };
  }
  const label = replica === undefined ? name : `${name} ${replica}`;
  const tone = failure === undefined ? "attempt" : "failed";
  const detail = failure ?? "";
  const phases = isLast && failure === undefined ? phasesOf(startMs, endMs, exchange) : [];
  return { label, detail, startMs, endMs, tone, phases };
}

function phasesOf(
  startMs: number,
  endMs: number,
  { connectMs, answerMs }: RecentExchange,
): Bar["phases"] {
  if (connectMs === undefined) return [];
  const connected = Math.min(endMs, startMs + connectMs);
  const connect = { name: "connect", endMs: connected };
  if (answerMs === undefined) return [connect, { name: "answer", endMs }];
  const answered = Math.min(endMs, connected + answerMs);
  return [connect, { name: "answer", endMs: answered }, { name: "body", endMs }];
}
