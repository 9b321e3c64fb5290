/**
 * Completions by the host's model. Deprecated: let servers call a model provider instead.
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
 * Calls the model. Let the user review and change the request and the answer.
 *
 * @deprecated Let servers call a model provider.
 */
export type SampleHandler = (
  params: CreateMessageParams,
  info: InputInfo,
) => CreateMessageResult | Promise<CreateMessageResult>;

/** Validates the members of a server's request that the handler relies on. */
export function checkSampling({ params }: CreateMessageRequest, where: string): void {
  if (!isObject(params)) throw malformed(`${where}: expected an object`);
  const { messages, maxTokens } = params;
  if (!Array.isArray(messages) || !messages.every(isObject)) {
    throw malformed(`${where}.messages: expected an array of messages`);
  }
  if (typeof maxTokens !== "number") throw malformed(`${where}.maxTokens: expected a number`);
}

/**
 * Calls the handler and validates its answer.
 *
 * @throws {TypeError} for an invalid answer
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
