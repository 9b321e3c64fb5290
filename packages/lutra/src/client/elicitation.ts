/**
 * Elicitation: the parameters of a host's handler, and the check of its answer.
 *
 * @spec client/elicitation
 */
import type {
  ElicitContent,
  ElicitFormParams,
  ElicitParams,
  ElicitRequest,
  ElicitResult,
} from "../protocol/elicitation.ts";
import { formDefaults, isElicitationURL, isElicitResult } from "../protocol/elicitation.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { malformed } from "../protocol/method.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { compileForm } from "../schema/forms.ts";
import type { JSONSchemaValidator, Validate } from "../schema/json-schema.ts";
import type { InputInfo } from "./input-info.ts";

/** The information for an elicitation handler besides the parameters of the request. */
export interface ElicitInfo extends InputInfo {
  /** Defaults of a form's fields, to be shown to the user. Empty for a URL. */
  readonly defaults: ElicitContent;
  /** Returns the problem with a form's content, or `undefined` when it may be sent. */
  readonly validate: (content: ElicitContent) => string | undefined;
}

/**
 * Asks the user. Show the server that asks (`info.server`), and let the user change the answer,
 * decline and cancel. Open a URL only after the user has seen all of it and agreed. This package
 * never fetches it.
 */
export type ElicitHandler = (
  params: ElicitParams,
  info: ElicitInfo,
) => ElicitResult | Promise<ElicitResult>;

/** Validates the members of a server's request that the handler relies on. */
export function checkElicitation({ params }: ElicitRequest, where: string): void {
  if (!isObject(params)) throw malformed(`${where}: expected an object`);
  const { mode, message, requestedSchema, url } = params as JSONObject & ElicitParams;
  if (typeof message !== "string") throw malformed(`${where}.message: expected a string`);
  if (mode === "url") {
    requireWebURL(url, `${where}.url`);
    return;
  }
  if (mode !== undefined && mode !== "form") {
    throw malformed(`${where}.mode: expected "form" or "url"`);
  }
  if (!isObject(requestedSchema) || !isObject(requestedSchema.properties)) {
    throw malformed(`${where}.requestedSchema: expected the schema of an object`);
  }
}

/**
 * Calls the handler and validates its answer.
 *
 * @throws {TypeError} for an invalid answer
 * @spec client/elicitation#response-actions
 */
export async function answerElicitation(
  { params }: ElicitRequest,
  handler: ElicitHandler,
  { info, validator }: { readonly info: InputInfo; readonly validator: JSONSchemaValidator },
): Promise<ElicitResult> {
  const isForm = params.mode !== "url";
  const validate = isForm ? formValidator(params, validator) : () => undefined;
  const defaults = isForm ? formDefaults(params.requestedSchema) : {};
  const answer = await handler(params, { ...info, defaults, validate });
  if (!isElicitResult(answer)) throw new TypeError("onElicit: expected { action, content? }");
  const { action, content = {} } = answer;
  // Content is sent only when the user agreed.
  if (action !== "accept" || !isForm) return { action };
  const problem = validate(content);
  if (problem !== undefined) throw new TypeError(`onElicit: content: ${problem}`);
  return { action, content };
}

function formValidator(params: ElicitFormParams, validator: JSONSchemaValidator): Validate {
  try {
    return compileForm(params.requestedSchema, validator);
  } catch (cause) {
    throw new TransportError("malformed", "requestedSchema: not a usable schema", { cause });
  }
}

/** @spec client/elicitation#safe-url-handling */
function requireWebURL(url: unknown, where: string): void {
  const parsed = typeof url === "string" && isElicitationURL(url) ? new URL(url) : undefined;
  // Other schemes could run code or start programs.
  if (parsed?.protocol === "https:" || parsed?.protocol === "http:") return;
  throw malformed(`${where}: expected an https: or http: URL`);
}
