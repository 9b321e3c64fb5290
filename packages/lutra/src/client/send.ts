/**
 * Sends requests and reads their results: what every method of a client goes through.
 *
 * @spec basic/index#resulttype, basic/patterns/mrtr
 */
import type { RequestContext } from "../protocol/exchange.ts";
import { inputRequired } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { type Method, malformed } from "../protocol/method.ts";
import type { Exchanges } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import { answerInputs, isInputRequired } from "./input-required.ts";
import type { InputOptions } from "./request-options.ts";

/** What the methods of a client are made of. */
export interface Sender extends Exchanges {
  /** How the server is called in front of the user. */
  readonly server: string;
  /** By method, what its results may be that declared extensions add. */
  readonly resultTypes: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Call<Params = unknown, R extends Result = Result> {
  readonly method: Method<Params, R>;
  readonly params: JSONObject;
  readonly options: InputOptions;
  readonly addHeaders?: RequestContext["addHeaders"];
}

export const noOptions: InputOptions = Object.freeze({});

/**
 * Sends a request, answers what its server asks for, and gives the checked result. Results of other
 * types than `complete` are given as they are: those of extensions, and `input_required` where the
 * caller answers.
 *
 * @throws {ProtocolError} what the server answered
 * @throws {TransportError} when there is no usable answer
 */
export async function send<R extends Result>(sender: Sender, call: Call<unknown, R>): Promise<R> {
  const { method, options } = call;
  const result = await sendOnce(sender, call, paramsOf(call));
  if (!isInputRequired(result) || options.inputs === "manual") return result as R;
  const name = method.nameField === undefined ? undefined : call.params[method.nameField];
  return (await answerInputs(
    sender,
    {
      method: method.name,
      name: typeof name === "string" ? name : undefined,
      params: call.params,
      signal: options.signal,
      retry: (params) => sendOnce(sender, call, params),
    },
    result,
  )) as R;
}

async function sendOnce(sender: Sender, call: Call, params: JSONObject): Promise<Result> {
  const { method, options, addHeaders } = call;
  const result = await exchange(sender, { method: method.name, params, options, addHeaders });
  const { resultType = "complete" } = result;
  if (resultType === "complete") return method.result(result);
  const isAllowed =
    resultType === inputRequired
      ? method.inputRequired
      : sender.resultTypes.get(method.name)?.has(resultType);
  if (isAllowed) return result;
  throw malformed(`result: ${method.name} can't end in ${JSON.stringify(resultType)}`);
}

/** The parameters of the first request: those of the method, and what the caller answered. */
function paramsOf({ params, options }: Call): JSONObject {
  const { inputResponses, requestState } = options;
  if (inputResponses === undefined && requestState === undefined) return params;
  return {
    ...params,
    ...(inputResponses !== undefined && { inputResponses }),
    ...(requestState !== undefined && { requestState }),
  };
}
