/**
 * Asks a caller to connect an account that an upstream needs, by a URL elicitation.
 *
 * @spec client/elicitation#url-mode-elicitation-requests
 */
import { canElicit } from "lutra/internal";
import {
  type ClientCapabilities,
  coreMethods,
  inputRequired,
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  metaKeys,
  ProtocolError,
  type Result,
} from "lutra/protocol";

/** The error for a caller who has connected no account. */
export class MissingAccountError extends Error {
  override readonly name: string = "MissingAccountError";
  readonly upstream: string;
  /** Returns the page on which the caller connects one. */
  readonly link: () => Promise<string>;

  constructor(upstream: string, link: () => Promise<string>) {
    super(`upstream "${upstream}": the caller has connected no account`);
    this.upstream = upstream;
    this.link = link;
  }
}

/** The prefix of the keys of the gateway's own input requests. An upstream may use any other key. */
const keyPrefix = "lutra.gateway/account/";

/** The methods whose results may ask for input. */
const asking: ReadonlySet<string> = new Set(
  coreMethods.filter(({ inputRequired: may }) => may).map(({ name }) => name),
);

/** Returns true for a method whose result may ask for input. */
export function mayAsk(method: string): boolean {
  return asking.has(method);
}

/** The gateway's own part of a request: the answer to its question, if it is a retry. */
export interface OwnAnswer {
  /** The request without that answer. */
  readonly request: JSONRPCRequest;
  /** The action of the user; undefined for a request that answers no question of the gateway. */
  readonly action: unknown;
}

/** Takes the answer to the gateway's question out of a request. */
export function takeOwnAnswer(request: JSONRPCRequest, upstream: string): OwnAnswer {
  const { inputResponses, ...params } = request.params ?? {};
  const key = keyPrefix + upstream;
  if (!isObject(inputResponses) || !Object.hasOwn(inputResponses, key)) {
    return { request, action: undefined };
  }
  const { [key]: own, ...others } = inputResponses;
  const rest = Object.keys(others).length === 0 ? {} : { inputResponses: others };
  const sent = { ...request, params: { ...params, ...rest } } as JSONRPCRequest;
  return { request: sent, action: isObject(own) ? own.action : "cancel" };
}

/**
 * Returns the question for a caller without an account.
 *
 * @throws {ProtocolError} with the page in its message, for a client that cannot ask its user
 */
export async function askForAccount(
  { upstream, link }: MissingAccountError,
  { method, params }: JSONRPCRequest,
): Promise<Result> {
  const url = await link();
  const message = `Connect your account for ${upstream}`;
  const question = { mode: "url", message, url } as const;
  if (!mayAsk(method) || !canElicit(question, declaredIn(params))) {
    throw new ProtocolError(
      "invalidRequest",
      `The upstream needs your account: connect it at ${url}`,
      { status: 403, data: { upstream, url } },
    );
  }
  const inputRequests = {
    [keyPrefix + upstream]: { method: "elicitation/create", params: question },
  };
  return { resultType: inputRequired, inputRequests } as Result;
}

/** Returns the error for a user who does not connect an account. */
export function accountDeclined(upstream: string): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    "The upstream needs an account, which the user did not connect",
    { status: 403, data: { upstream } },
  );
}

function declaredIn(params: JSONObject | undefined): ClientCapabilities {
  const meta = isObject(params?._meta) ? params._meta : {};
  const declared = meta[metaKeys.clientCapabilities];
  return isObject(declared) ? (declared as ClientCapabilities) : {};
}
