/**
 * Completions by the client's model. Deprecated: servers call a model provider instead.
 *
 * @spec client/sampling
 */
import { isObject } from "../protocol/json.ts";
import { malformed } from "../protocol/method.ts";
import type {
  CreateMessageParams,
  CreateMessageRequest,
  CreateMessageResult,
} from "../protocol/sampling.ts";
import { isCreateMessageResult } from "../protocol/sampling.ts";
import type { InputInfo } from "./input-info.ts";

/**
 * Asks the model. Let a person see and change what is asked and what is answered.
 *
 * @deprecated Servers call a model provider themselves.
 */
export type SampleHandler = (
  params: CreateMessageParams,
  info: InputInfo,
) => CreateMessageResult | Promise<CreateMessageResult>;

/** Checks what a server asks for, as far as the handler relies on it. */
export function checkSampling({ params }: CreateMessageRequest, where: string): void {
  if (!isObject(params)) throw malformed(`${where}: expected an object`);
  const { messages, maxTokens } = params;
  if (!Array.isArray(messages) || !messages.every(isObject)) {
    throw malformed(`${where}.messages: expected messages`);
  }
  if (typeof maxTokens !== "number") throw malformed(`${where}.maxTokens: expected a number`);
}

/**
 * Asks the handler and checks its answer.
 *
 * @throws {TypeError} for an answer that the handler should not give
 */
export async function answerSampling(
  { params }: CreateMessageRequest,
  handler: SampleHandler,
  info: InputInfo,
): Promise<CreateMessageResult> {
  const answer = await handler(params, info);
  if (isCreateMessageResult(answer)) return answer;
  throw new TypeError("onSample: expected { role, content, model }");
}
