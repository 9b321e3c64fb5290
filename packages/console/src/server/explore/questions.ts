/** The questions of the server that wait for an answer in the page. */
import type { ElicitHandler, ElicitInfo, InputInfo, SampleHandler } from "lutra/client";
import {
  type CreateMessageResult,
  type ElicitContent,
  type ElicitResult,
  isObject,
  type JSONObject,
} from "lutra/protocol";
import { ApiError } from "../api-error.ts";

/** A question, as the page shows it. */
export interface Question {
  readonly id: number;
  readonly runId?: number;
  /** The kind of answer: a form, a page of another site, or a message in place of a model. */
  readonly kind: "form" | "url" | "sampling";
  /** The tool, prompt or resource that asks. */
  readonly name?: string;
  /** The parameters of the server's request. */
  readonly params: object;
  readonly defaults: ElicitContent;
}

interface Open extends Question {
  /** @throws {ApiError} for an answer that does not fit the question */
  readonly settle: (answer: JSONObject) => void;
}

export interface Questions {
  readonly onElicit: ElicitHandler;
  readonly onSample: SampleHandler;
  readonly open: () => readonly Question[];
  /** @throws {ApiError} for an unknown question or an invalid answer */
  readonly answer: (id: number, answer: JSONObject) => void;
}

/** Maximum number of questions that are open at a time. Further ones are cancelled. */
const maxOpen = 100;

export function createQuestions(
  currentRun: () => number | undefined,
  onChange: () => void,
): Questions {
  const open = new Map<number, Open>();
  let lastId = 0;

  function ask<T>(
    question: Omit<Question, "id" | "runId" | "name">,
    info: InputInfo,
    parse: (answer: JSONObject) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      const runId = currentRun();
      const remove = () => {
        open.delete(id);
        info.signal.removeEventListener("abort", onAbort);
        onChange();
      };
      const onAbort = () => {
        remove();
        reject(info.signal.reason);
      };
      const settle = (answer: JSONObject) => {
        const value = parse(answer);
        remove();
        resolve(value);
      };
      if (info.signal.aborted || open.size >= maxOpen) return onAbort();
      info.signal.addEventListener("abort", onAbort);
      open.set(id, {
        ...question,
        id,
        settle,
        ...(runId !== undefined && { runId }),
        ...(info.name !== undefined && { name: info.name }),
      });
      onChange();
    });
  }

  return {
    onElicit: (params, info) => {
      const kind = params.mode === "url" ? "url" : "form";
      return ask({ kind, params, defaults: info.defaults }, info, (answer) =>
        elicited(answer, info),
      );
    },
    onSample: (params, info) => ask({ kind: "sampling", params, defaults: {} }, info, sampled),
    open: () => [...open.values()].map(({ settle: _, ...question }) => question),
    answer: (id, answer) => {
      const question = open.get(id);
      if (question === undefined) throw new ApiError(404, "question: it is no longer open");
      question.settle(answer);
    },
  };
}

function elicited({ action, content }: JSONObject, info: ElicitInfo): ElicitResult {
  if (action === "decline" || action === "cancel") return { action };
  if (action !== "accept") throw new ApiError(400, "action: expected accept, decline or cancel");
  const given = (isObject(content) ? content : {}) as ElicitContent;
  const problem = info.validate(given);
  if (problem !== undefined) throw new ApiError(422, problem);
  return { action, content: given };
}

/** The user answers in place of a model. */
function sampled({ action, text }: JSONObject): CreateMessageResult {
  if (action !== "accept" || typeof text !== "string") {
    throw new ApiError(400, "text: expected a string");
  }
  return { role: "assistant", model: "the user", content: { type: "text", text } };
}
