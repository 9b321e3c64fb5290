/** The answer to a request that was sent already, in the context with which the request is served. */
import type { Serve } from "lutra/protocol";
import type { Answer } from "./open-answer.ts";

const key = Symbol("lutra.gateway.answer");

/** Keeps an answer in a context; copies of the context keep it. */
export function keepAnswer(context: object, answer: Answer): void {
  (context as { [key]?: Answer })[key] = answer;
}

/** Returns the answer that a context keeps. */
export function answerIn(context: object): Answer | undefined {
  return (context as { [key]?: Answer })[key];
}

/** Returns a `Serve` that takes the answer to a request that was sent already. */
export function unlessAnswered(next: Serve): Serve {
  return (request, context) => {
    const answer = answerIn(context);
    return answer === undefined ? next(request, context) : answer.result(request, context);
  };
}
