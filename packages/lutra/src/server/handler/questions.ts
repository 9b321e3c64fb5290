/** The input requests of one round: answers of earlier rounds, and requests without a response. */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import { hasCapabilities, requireCapabilities } from "../../protocol/capabilities.ts";
import type { ElicitResult } from "../../protocol/elicitation.ts";
import type { InputRequest, InputRequests, InputResponse } from "../../protocol/input-required.ts";
import type { StandardSchema } from "../../schema/standard-schema.ts";
import { HandlerError } from "./handler-error.ts";
import { capabilitiesToSend } from "./input-kinds.ts";
import type { InputMemory } from "./request-state.ts";
import { InputPending, type RoundState, refused } from "./round-state.ts";

/** A form whose answer is converted with a schema. */
interface FormRequest {
  readonly name: string;
  readonly request: InputRequest;
  readonly schema: StandardSchema;
}

export class Questions {
  readonly #round: RoundState;
  readonly #memory: InputMemory;
  readonly #capabilities: ClientCapabilities;
  readonly #names = new Set<string>();
  // Without prototypes, because an input request may have any name.
  readonly #taken: Record<string, InputResponse> = Object.create(null);
  #pending: Record<string, InputRequest> | undefined;

  constructor(round: RoundState, memory: InputMemory, capabilities: ClientCapabilities) {
    this.#round = round;
    this.#memory = memory;
    this.#capabilities = capabilities;
  }

  /** The input requests that have no response yet. */
  get pending(): InputRequests | undefined {
    return this.#pending;
  }

  /** All answers, for the next round. */
  get answers(): InputMemory["answers"] {
    return { ...this.#memory.answers, ...this.#taken };
  }

  ask<Response>(name: string, request: InputRequest): Promise<Response> {
    const round = this.#round;
    // A second input request with this name would always get the response to the first.
    if (this.#names.has(name)) {
      const mistake = `input request "${name}": asked twice in one round`;
      return round.refuse(new HandlerError(mistake));
    }
    this.#names.add(name);
    // Input requests that start while the round is about to end are sent along with the others.
    if (round.isPausing) {
      return this.#settle<Response>(name, request) ?? this.#wait(name, request);
    }
    return round.start<Response>({ start: `input ${name}` }, (resolve, reject) => ({
      runsDuringReplay: false,
      replay: () => resolve(this.#settle<Response>(name, request) ?? this.#wait(name, request)),
      run: (number) => {
        const settled = this.#settle<Response>(name, request);
        if (settled === undefined) return resolve(this.#wait(name, request));
        round.history.end(number);
        round.history.deliver(() => resolve(settled));
      },
      refuse: reject,
    }));
  }

  /** Converts an accepted form with its schema. Asks again if the schema rejects the content. */
  async converted(question: FormRequest, answer: Promise<ElicitResult>): Promise<unknown> {
    const { name, request, schema } = question;
    const { action, content = {} } = await answer;
    if (action !== "accept") return { action };
    const result = await schema["~standard"].validate(content);
    return result.issues ? this.#wait(name, request) : { action, content: result.value };
  }

  /** Answers or refuses an input request. Returns undefined when the client must be asked. */
  #settle<Response>(name: string, request: InputRequest): Promise<Response> | undefined {
    const answer = this.#answer(name, request);
    if (answer !== undefined) return Promise.resolve(answer as Response);
    try {
      requireCapabilities(capabilitiesToSend(request), this.#capabilities);
    } catch (error) {
      return refused(error);
    }
    return undefined;
  }

  /** Returns the answer from an earlier round, or one that was sent without request state. */
  #answer(name: string, request: InputRequest): InputResponse | undefined {
    const { answers, offered } = this.#memory;
    if (Object.hasOwn(answers, name)) return answers[name];
    if (!offered || !hasCapabilities(capabilitiesToSend(request), this.#capabilities))
      return undefined;
    const answer = offered(name, request);
    if (answer !== undefined) this.#taken[name] = answer;
    return answer;
  }

  #wait(name: string, request: InputRequest): Promise<never> {
    this.#pending ??= Object.create(null) as Record<string, InputRequest>;
    this.#pending[name] = request;
    // Operations that the handler starts in the same turn run in parallel with the input request.
    queueMicrotask(() => this.#round.pause());
    return refused(new InputPending(`waiting for "${name}"`));
  }
}
