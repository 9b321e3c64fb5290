/**
 * The messages of one view: which are accepted in which state, and their answers.
 *
 * @spec ext-apps/apps#sandbox-proxy, ext-apps/apps#lifecycle
 */
import { ProtocolError } from "../../../protocol/errors.ts";
import { isolate } from "../../../protocol/isolate.ts";
import { isObject, sizeOfJSON } from "../../../protocol/json.ts";
import { type RequestId, readId } from "../../../protocol/json-rpc.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import type { AppNotification } from "../../protocol/app-method.ts";
import type { AppCapabilities } from "../../protocol/capabilities.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import { hostContextChanged } from "../../protocol/host-messages.ts";
import { type AppMessage, readAppMessage } from "../../protocol/messages.ts";
import { ping } from "../../protocol/server-messages.ts";
import { initialize } from "../../protocol/view-messages.ts";
import { sandboxRefused } from "../sandbox/refused.ts";
import { initializeResult } from "./initialize-result.ts";
import { createMessageRate } from "./message-rate.ts";
import type { AppRecord, CompleteBridgeOptions } from "./options.ts";
import { serveRequest } from "./serve-request.ts";
import { createViewCalls, type ViewCalls } from "./view-calls.ts";
import { type Phase, viewNotifications } from "./view-notifications.ts";

export interface ViewEvents {
  /** The view starts, or restarts after its page was loaded again. */
  readonly onInitialize: () => void;
  readonly onInitialized: () => void;
}

type Received<Kind extends AppMessage["kind"]> = AppMessage & { readonly kind: Kind };

/** A view from its connection until it is closed. */
export class ViewConnection {
  readonly #options: CompleteBridgeOptions;
  readonly #events: ViewEvents;
  readonly #record: (record: AppRecord) => void;
  readonly #isWithinRate: () => boolean;
  readonly #pending = new Map<RequestId, AbortController>();
  readonly #start = createStart();
  readonly #stopListening: () => void;
  #phase: Phase = "connected";
  #context: HostContext;
  #appCapabilities: AppCapabilities = {};

  readonly calls: ViewCalls = createViewCalls((message) => this.#send(message, message.method));

  constructor(options: CompleteBridgeOptions, events: ViewEvents) {
    this.#options = options;
    this.#events = events;
    this.#context = options.context;
    this.#record = isolate(options.onRecord ?? (() => {}));
    this.#isWithinRate = createMessageRate(options.maxMessagesPerSecond, () => performance.now());
    this.#stopListening = options.port.listen((data) => this.#receive(data));
  }

  get initialized(): Promise<void> {
    return this.#start.promise;
  }

  get isReady(): boolean {
    return this.#phase === "ready";
  }

  get appCapabilities(): AppCapabilities {
    return this.#appCapabilities;
  }

  /** Sends a notification if the view has initialized. */
  notify<Params extends object>({ name }: AppNotification<Params>, params: Params): void {
    if (this.isReady) this.#send({ jsonrpc: "2.0", method: name, params }, name);
  }

  setContext(changes: HostContext): void {
    this.#context = { ...this.#context, ...changes };
    this.notify(hostContextChanged, changes);
  }

  close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#stopListening();
    const error = new TransportError("closed", "The view was closed");
    for (const controller of this.#pending.values()) controller.abort(error);
    this.calls.fail(error);
    this.#start.reject(error);
  }

  #send(message: object, method?: string, refused?: string): void {
    if (this.#phase === "closed") return;
    this.#record({ from: "host", method, message, refused });
    this.#options.port.post(message);
  }

  #receive(data: unknown): void {
    const problem = this.#boundsProblem(data);
    const message = problem === undefined ? readAppMessage(data) : undefined;
    if (message === undefined) this.#refuse(data, problem ?? "not a JSON-RPC message");
    else if (message.kind === "request") this.#answer(data, message);
    else if (message.kind === "notification") this.#accept(data, message);
    else this.#settle(data, message);
  }

  #boundsProblem(data: unknown): string | undefined {
    const { maxMessageBytes } = this.#options;
    // The reports of the proxy arrive when there are too many messages.
    const isReport = isObject(data) && data.method === sandboxRefused.name;
    if (!isReport && !this.#isWithinRate()) return "too many messages";
    return sizeOfJSON(data, maxMessageBytes) > maxMessageBytes ? "too large" : undefined;
  }

  /** Records a message without effect. One that waits for a response receives an error. */
  #refuse(data: unknown, reason: string): void {
    const method = isObject(data) && typeof data.method === "string" ? data.method : undefined;
    this.#record({ from: "view", method, message: data, refused: reason });
    const id = method === undefined ? undefined : readId(data);
    if (id === undefined || this.#pending.has(id)) return;
    const error = new ProtocolError("invalidRequest", reason).toWire();
    this.#send({ jsonrpc: "2.0", id, error }, undefined, reason);
  }

  #answer(data: unknown, message: Received<"request">): void {
    const problem = this.#requestProblem(message);
    if (problem !== undefined) {
      this.#refuse(data, problem);
      return;
    }
    this.#record({ from: "view", method: message.method, message: data });
    void this.#respond(message);
  }

  #requestProblem({ id, method }: Received<"request">): string | undefined {
    if (this.#pending.has(id)) return "expected an id that is not in use";
    if (this.#pending.size >= this.#options.maxPendingRequests) return "too many requests";
    const isEarly = !this.isReady && method !== initialize.name && method !== ping.name;
    return isEarly ? `expected ${initialize.name} first` : undefined;
  }

  async #respond(message: Received<"request">): Promise<void> {
    const { id } = message;
    const controller = new AbortController();
    const { signal } = controller;
    this.#pending.set(id, controller);
    try {
      const result = await this.#resultOf(message, signal);
      if (!signal.aborted) this.#send({ jsonrpc: "2.0", id, result });
    } catch (thrown) {
      const error = ProtocolError.from(thrown);
      if (signal.aborted) return;
      this.#send({ jsonrpc: "2.0", id, error: error.toWire() }, undefined, error.message);
    } finally {
      this.#pending.delete(id);
    }
  }

  async #resultOf(message: Received<"request">, signal: AbortSignal): Promise<object> {
    if (message.method === initialize.name) return this.#begin(message);
    return serveRequest(message, {
      options: this.#options,
      signal,
      notify: (notification, params) => this.notify(notification, params),
      context: () => this.#context,
      setContext: (changes) => this.setContext(changes),
      appCapabilities: () => this.#appCapabilities,
    });
  }

  /** Answers the first request. A page that was loaded again sends it again. */
  #begin({ params }: Received<"request">): object {
    const result = initializeResult(params, this.#context, this.#options);
    this.#appCapabilities = params.appCapabilities as AppCapabilities;
    this.#phase = "initializing";
    this.#events.onInitialize();
    return result;
  }

  #accept(data: unknown, { method, params }: Received<"notification">): void {
    const found = viewNotifications.get(method);
    const problem = found?.notification.params(params);
    if (found === undefined) this.#refuse(data, "unknown notification");
    else if (problem !== undefined) this.#refuse(data, `params${problem}`);
    else if (!found.phases.includes(this.#phase)) {
      this.#refuse(data, `expected ${initialize.name} first`);
    } else {
      this.#record({ from: "view", method, message: data });
      found.accept(params, {
        options: this.#options,
        pending: this.#pending,
        start: () => this.#ready(),
        close: () => this.close(),
      });
    }
  }

  /** The view has the result of its first request. */
  #ready(): void {
    this.#phase = "ready";
    this.#events.onInitialized();
    this.#start.resolve();
  }

  #settle(data: unknown, message: Received<"result" | "error">): void {
    const outcome = message.kind === "result" ? message.result : message.error;
    const isExpected = this.calls.settle(message.id, outcome);
    const refused = isExpected ? undefined : "not the response to a request";
    this.#record({ from: "view", method: undefined, message: data, refused });
  }
}

/** A promise with its functions. A host need not wait for it. */
function createStart() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((...functions) => {
    [resolve, reject] = functions;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
