/** Records exchanges for the console: the most recent ones, the load, and the open subscriptions. */
import type { RecentExchange } from "@lutra/console";
import {
  coreMethods,
  type Method,
  type Middleware,
  ProtocolError,
  type Result,
  type SubscriptionFilter,
} from "lutra/protocol";
import { type ExchangeRecord, recordOf } from "../exchange-record.ts";
import { ExchangeRing, type ExchangeRingOptions } from "./exchange-ring.ts";
import { LoadTable } from "./load-table.ts";
import { OpenSubscriptions } from "./open-subscriptions.ts";
import { recentExchange } from "./recent-exchange.ts";
import { type MessageMode, RecordedMessages } from "./recorded-messages.ts";

export interface RecorderOptions extends ExchangeRingOptions {
  readonly messages: MessageMode;
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods: readonly Method[];
  /** The time in milliseconds since 1970. @default the system's time */
  readonly now?: (() => number) | undefined;
}

export class Recorder {
  readonly ring: ExchangeRing;
  readonly loads: LoadTable;
  readonly subscriptions = new OpenSubscriptions();
  /** Called after each exchange that was recorded. */
  onExchange: () => void = () => {};
  readonly #longLived: ReadonlySet<string>;
  readonly #messages: MessageMode;

  constructor({ methods, messages, now, ...bounds }: RecorderOptions) {
    const all = [...coreMethods, ...methods];
    this.ring = new ExchangeRing(bounds);
    this.loads = new LoadTable(now);
    this.#longLived = new Set(all.filter(({ longLived }) => longLived).map(({ name }) => name));
    this.#messages = messages;
  }

  /** Records an exchange that has ended, with its HTTP status. */
  observe(record: ExchangeRecord, status: number): void {
    const exchange = recentExchange(record, { id: this.ring.nextId, status });
    this.subscriptions.delete(record);
    // A subscription ends when its client disconnects; its duration does not describe the load.
    if (!this.#longLived.has(exchange.method ?? "")) this.loads.observe(exchange);
    this.ring.add(exchange);
    this.onExchange();
  }

  /**
   * Adds an exchange of another process, which may stand for several that were not sent.
   *
   * @param count The number of exchanges for which it counts
   */
  add(exchange: RecentExchange, count: number): void {
    if (!this.#longLived.has(exchange.method ?? "")) {
      for (let each = 0; each < count; each += 1) this.loads.observe(exchange);
    }
    this.ring.add({ ...exchange, id: this.ring.nextId });
    this.onExchange();
  }

  /** Records what only a read request shows: its subscription, and its messages if they are wanted. */
  readonly middleware: Middleware = (next) => async (request, context) => {
    const record = recordOf(context);
    if (record === undefined) return next(request, context);
    if (this.#longLived.has(request.method)) {
      const filter = (request.params?.notifications ?? {}) as SubscriptionFilter;
      this.subscriptions.add(record, filter);
    }
    if (this.#messages === "none") return noteToolError(record, await next(request, context));
    const messages = new RecordedMessages(record.startedAt, this.#messages);
    record.messages = messages;
    messages.add("request", request);
    const { notify } = context;
    try {
      const result = await next(request, {
        ...context,
        notify: (notification) => {
          messages.add("notification", notification);
          return notify(notification);
        },
      });
      messages.add("result", result);
      return noteToolError(record, result);
    } catch (error) {
      messages.add("error", errorOf(error));
      throw error;
    }
  };
}

/** Records that a result of a tool reports an error, which the status of the response does not show. */
function noteToolError(record: ExchangeRecord, result: Result): Result {
  if ((result as { readonly isError?: unknown }).isError === true) record.isToolError = true;
  return result;
}

/** Returns the parts of an error that a client may see; others have no code. */
function errorOf(error: unknown): unknown {
  const { code, message } = ProtocolError.from(error);
  return { code, message };
}
