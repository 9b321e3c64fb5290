/** A client of a revision with sessions, in its plainest form: it shows every message that it gets. */
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import { type Message, type Send, watched } from "./message.ts";

/** The answer to a request of the server; undefined leaves it without one. */
export type Answer = (request: Message) => JSONObject | undefined;

export interface ClientOptions {
  readonly version?: string;
  readonly capabilities?: JSONObject;
  readonly clientInfo?: unknown;
  readonly answer?: Answer;
}

export class LegacyClient {
  /** The requests and notifications of the server. */
  readonly received = watched<Message>();
  readonly #send: Send;
  readonly #answer: Answer;
  readonly #responses = watched<Message>();
  #nextId = 1;

  constructor(send: Send, answer: Answer = () => undefined) {
    this.#send = send;
    this.#answer = answer;
  }

  /** Handles a message of the server. */
  readonly deliver = (value: unknown): void => {
    const message = value as Message;
    if (Array.isArray(value)) for (const one of value) this.deliver(one);
    else if (message.method === undefined) this.#responses.add(message);
    else {
      this.received.add(message);
      const answer = message.id === undefined ? undefined : this.#answer(message);
      if (answer !== undefined) void this.send({ jsonrpc: "2.0", id: message.id, ...answer });
    }
  };

  send(message: unknown): Promise<void> {
    return this.#send(message, this.deliver);
  }

  /** Sends a request. Resolves to its response. */
  async request(method: string, params?: JSONObject): Promise<Message> {
    const id = this.#nextId;
    this.#nextId += 1;
    return this.requestAs(id, method, params);
  }

  /** Sends a request with this id. */
  async requestAs(id: unknown, method: string, params?: JSONObject): Promise<Message> {
    const response = this.response(id);
    await this.send({ jsonrpc: "2.0", id, method, ...(params && { params }) });
    return response;
  }

  /** Resolves to the response with this id; null and undefined are equal. */
  response(id: unknown): Promise<Message> {
    return this.#responses.first((message) => (message.id ?? undefined) === id);
  }

  /** Sends a request. Resolves to its result, and rejects with its error. */
  async result(method: string, params?: JSONObject): Promise<JSONObject> {
    const { result, error } = await this.request(method, params);
    if (result === undefined) throw Object.assign(new Error(String(error?.message)), error);
    return result;
  }

  call(name: string, args: JSONObject = {}, _meta?: JSONObject): Promise<JSONObject> {
    return this.result("tools/call", { name, arguments: args, ...(_meta && { _meta }) });
  }

  async notify(method: string, params?: JSONObject): Promise<void> {
    await this.send({ jsonrpc: "2.0", method, ...(params && { params }) });
  }

  /** Resolves to the first message with this method, also an earlier one. */
  first(method: string): Promise<Message> {
    return this.received.first((message) => message.method === method);
  }

  /** The messages so far with this method. */
  all(method: string): readonly Message[] {
    return this.received.values.filter((message) => message.method === method);
  }

  /** Opens the session. Resolves to the result of `initialize`. */
  async open({
    version = "2025-11-25",
    capabilities = {},
    clientInfo = { name: "test", version: "1" },
  }: ClientOptions = {}): Promise<JSONObject> {
    const result = await this.result("initialize", {
      protocolVersion: version,
      capabilities,
      clientInfo,
    } as JSONObject);
    await this.notify("notifications/initialized");
    return result;
  }
}
