/** The kinds of input requests: how a server checks the ones it sends and the answers to them. */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import {
  capabilityFor,
  type InputRequest,
  type InputResponse,
  isResponseTo,
} from "../../protocol/input-required.ts";
import type { JSONSchemaValidator } from "../../schema/json-schema.ts";
import { checkedElicitation, fitsForm } from "./elicitation.ts";
import { capabilityToSample, checkedSampling } from "./sampling.ts";

const kinds: {
  readonly [Request in InputRequest as Request["method"]]: {
    /** Returns the capabilities without which it is not sent. */
    readonly required: (request: Request) => ClientCapabilities;
    /** Returns the request as it is sent. Throws `TypeError` when it is invalid. */
    readonly checked: (request: Request) => Request;
    /** Returns true when a response of the right shape also has valid content. */
    readonly fits: (
      request: Request,
      response: InputResponse,
      validator: JSONSchemaValidator,
    ) => boolean;
  };
} = {
  "elicitation/create": { required: capabilityFor, checked: checkedElicitation, fits: fitsForm },
  "sampling/createMessage": {
    required: capabilityToSample,
    checked: checkedSampling,
    fits: () => true,
  },
  "roots/list": { required: capabilityFor, checked: (request) => request, fits: () => true },
};

/**
 * Applies the checks of `context.elicit` to a request of `inputRequired`.
 *
 * @throws {TypeError} for an invalid form or URL
 */
export function checkedRequest(request: InputRequest): InputRequest {
  const checked = kinds[request.method].checked as (request: InputRequest) => InputRequest;
  return checked(request);
}

/**
 * Returns the capabilities that a client must declare before it is sent the request.
 *
 * @spec client/sampling#capabilities
 */
export function capabilitiesToSend(request: InputRequest): ClientCapabilities {
  const required = kinds[request.method].required as (request: InputRequest) => ClientCapabilities;
  return required(request);
}

/** Returns the response when it is a valid answer to the request, and undefined otherwise. */
export function answerTo(
  request: InputRequest,
  response: unknown,
  validator: JSONSchemaValidator,
): InputResponse | undefined {
  if (!isResponseTo(request, response)) return undefined;
  const fits = kinds[request.method].fits as (
    request: InputRequest,
    response: InputResponse,
    validator: JSONSchemaValidator,
  ) => boolean;
  return fits(request, response, validator) ? response : undefined;
}
