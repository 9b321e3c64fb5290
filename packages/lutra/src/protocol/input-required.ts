/**
 * Multi round-trip requests: a result that asks the client for input, and the retry with the answers.
 *
 * @spec basic/patterns/mrtr
 */
import type { ClientCapabilities } from "./capabilities.ts";
import type { ElicitRequest, ElicitResult } from "./elicitation.ts";
import { elicitationCapability, isElicitResult } from "./elicitation.ts";
import { isObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import { malformed } from "./method.ts";
import { textOf } from "./peer-text.ts";
import type { ListRootsRequest, ListRootsResult } from "./roots.ts";
import { isListRootsResult, rootsCapability } from "./roots.ts";
import type { CreateMessageRequest, CreateMessageResult } from "./sampling.ts";
import { isCreateMessageResult, samplingCapability } from "./sampling.ts";

export type InputRequest = ElicitRequest | CreateMessageRequest | ListRootsRequest;
export type InputResponse = ElicitResult | CreateMessageResult | ListRootsResult;
export type InputRequests = { readonly [key: string]: InputRequest };
export type InputResponses = { readonly [key: string]: InputResponse };

export interface InputRequiredResult extends Result {
  readonly resultType: "input_required";
  readonly inputRequests?: InputRequests;
  /** Opaque to the client, which returns it unchanged. */
  readonly requestState?: string;
}

export const inputRequired = "input_required";

/** The required capability of each kind of input request, and the shape of its response. */
const kinds: {
  readonly [Request in InputRequest as Request["method"]]: {
    readonly capability: (request: Request) => ClientCapabilities;
    readonly isResponse: (value: unknown) => boolean;
  };
} = {
  "elicitation/create": {
    capability: (request) => elicitationCapability(request.params),
    isResponse: isElicitResult,
  },
  "sampling/createMessage": {
    capability: (request) => samplingCapability(request.params),
    isResponse: isCreateMessageResult,
  },
  "roots/list": { capability: () => rootsCapability, isResponse: isListRootsResult },
};

/** Returns the capability that a client must declare to receive `request`. */
export function capabilityFor(request: InputRequest): ClientCapabilities {
  const capability = kinds[request.method].capability as (r: InputRequest) => ClientCapabilities;
  return capability(request);
}

/** Returns true when `value` has the shape of a response to `request`. */
export function isResponseTo(request: InputRequest, value: unknown): value is InputResponse {
  return kinds[request.method].isResponse(value);
}

/** Checks the members of an `input_required` result from a server. */
export function parseInputRequired(result: Result): InputRequiredResult {
  const { inputRequests, requestState } = result;
  if (inputRequests === undefined && requestState === undefined) {
    throw malformed("result: expected inputRequests or requestState");
  }
  if (requestState !== undefined && typeof requestState !== "string") {
    throw malformed("result.requestState: expected a string");
  }
  if (inputRequests !== undefined) checkInputRequests(inputRequests);
  return result as InputRequiredResult;
}

function checkInputRequests(inputRequests: unknown): void {
  if (!isObject(inputRequests)) throw malformed("result.inputRequests: expected an object");
  for (const [key, request] of Object.entries(inputRequests)) {
    if (!isObject(request) || !Object.hasOwn(kinds, textOf(request.method))) {
      throw malformed(`result.inputRequests.${key}: expected a request of this protocol version`);
    }
  }
}
