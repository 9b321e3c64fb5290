/**
 * Sampling on the server: the check of a request before it is sent.
 *
 * @spec client/sampling
 */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { type CreateMessageRequest, samplingCapability } from "../../protocol/sampling.ts";

/**
 * Checks a request by the rules for messages, tool uses and their results.
 *
 * @throws {TypeError} for the first message that breaks one
 * @spec client/sampling#messages, client/sampling#tool-result-messages,
 *   client/sampling#tool-use-and-result-balance
 */
export function checkedSampling(request: CreateMessageRequest): CreateMessageRequest {
  const { messages, maxTokens } = request.params;
  if (typeof maxTokens !== "number") throw new TypeError("sampling: maxTokens: expected a number");
  /** The ids of the tool uses that the next message must answer. */
  let open: string | undefined = "[]";
  let at = 0;
  while (at < messages.length && open !== undefined) {
    open = usesAfter(messages[at] as unknown, open);
    at += 1;
  }
  if (open === "[]") return request;
  const expected = "a role, content blocks, and alone the result of each tool use before";
  throw new TypeError(
    `sampling: messages[${open === undefined ? at - 1 : at}]: expected ${expected}`,
  );
}

/** Returns the required capability, which depends on the context that the request asks for. */
export function capabilityToSample({ params }: CreateMessageRequest): ClientCapabilities {
  const { includeContext = "none" } = params;
  const required = samplingCapability(params);
  return includeContext === "none" ? required : { sampling: { ...required.sampling, context: {} } };
}

/** Returns the ids of a message's tool uses, or undefined if the message breaks a rule. */
function usesAfter(message: unknown, open: string): string | undefined {
  if (!isObject(message)) return undefined;
  const { role, content } = message;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [content];
  if (!blocks.every(isBlock)) return undefined;
  const idsOf = (type: string, member: string) =>
    JSON.stringify(
      blocks
        .filter((block) => block.type === type)
        .map((block) => block[member])
        .sort(),
    );
  const results = idsOf("tool_result", "toolUseId");
  const uses = idsOf("tool_use", "id");
  const isAlone = blocks.every(({ type }) => type === "tool_result");
  const needsRole = results !== "[]" ? "user" : uses !== "[]" ? "assistant" : role;
  const isRole = role === "user" || role === "assistant";
  return isRole && role === needsRole && results === open && (results === "[]" || isAlone)
    ? uses
    : undefined;
}

function isBlock(value: unknown): value is JSONObject {
  return isObject(value) && typeof value.type === "string";
}
