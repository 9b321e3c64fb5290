/** Input requests of a server in the form of a legacy revision, in which the server sends them. */
import type { ElicitFormParams, ElicitRequest, FieldSchema } from "../protocol/elicitation.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { InputRequest } from "../protocol/input-required.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { CreateMessageRequest } from "../protocol/sampling.ts";
import { randomId } from "../server/random-id.ts";
import { has } from "./revisions.ts";
import { toLegacyContent } from "./to-legacy.ts";

/** A request from a server to its client. */
export interface LiveRequest {
  readonly method: string;
  readonly params?: JSONObject | undefined;
}

/**
 * Converts an input request for a client of `version`.
 *
 * @throws {ProtocolError} when the revision cannot express it
 */
export function toLiveRequest(request: InputRequest, version: string): LiveRequest {
  const convert = forms[request.method] as (request: InputRequest, version: string) => LiveRequest;
  return convert(request, version);
}

/** The form of each kind of input request. */
const forms: {
  readonly [Request in InputRequest as Request["method"]]: (
    request: Request,
    version: string,
  ) => LiveRequest;
} = {
  "elicitation/create": elicitation,
  "sampling/createMessage": sampling,
  "roots/list": ({ method, params }) => ({ method, params: { ...params } }),
};

/**
 * Splits a message into one message for each block where a message has one block only.
 *
 * @spec 2025-06-18/client/sampling#data-types
 */
function sampling({ method, params }: CreateMessageRequest, version: string): LiveRequest {
  if (has(version, "samplingTools")) return { method, params: { ...params } };
  const messages = params.messages.flatMap(({ role, content }) =>
    [content].flat().map((block) => {
      if (block.type === "tool_use" || block.type === "tool_result") {
        throw unsupported("sampling with tools", version);
      }
      return { role, content: toLegacyContent({ ...block }, version) };
    }),
  );
  return { method, params: { ...params, messages } };
}

function elicitation({ method, params }: ElicitRequest, version: string): LiveRequest {
  if (params.mode === "url") {
    if (!has(version, "urlElicitation")) throw unsupported("an elicitation with a URL", version);
    // The revision identifies the elicitation, to announce its completion. This server does not.
    return { method, params: { ...params, elicitationId: randomId() } };
  }
  if (has(version, "richForms")) return { method, params: { ...params } };
  const { message, requestedSchema } = params;
  return { method, params: { message, requestedSchema: plainForm(requestedSchema, version) } };
}

/**
 * Reduces a form to the fields of 2025-06-18: no defaults but those of booleans, choices as `enum`
 * with `enumNames`, and no choice of several values.
 *
 * @spec 2025-06-18/client/elicitation#supported-schema-types
 */
function plainForm(
  schema: ElicitFormParams["requestedSchema"],
  version: string,
): ElicitFormParams["requestedSchema"] {
  const fields = Object.entries(schema.properties);
  const plain = fields.map(([name, field]) => [name, plainField(field, name, version)] as const);
  const { $schema: _, ...form } = schema;
  return { ...form, properties: Object.fromEntries(plain) };
}

function plainField(field: FieldSchema, name: string, version: string): FieldSchema {
  if (field.type === "array") throw unsupported(`the field "${name}" with several values`, version);
  if (field.type === "boolean") return field;
  const { default: _, ...plain } = field;
  if (!("oneOf" in plain) || plain.oneOf === undefined) return plain;
  const { oneOf, ...rest } = plain;
  // The schema of a form allows keywords of other types, which then have any value.
  if (!isTitledChoice(oneOf)) return rest;
  return {
    ...rest,
    enum: oneOf.map((choice) => choice.const),
    enumNames: oneOf.map(({ title }) => title),
  };
}

function isTitledChoice(oneOf: unknown): boolean {
  return (
    Array.isArray(oneOf) &&
    oneOf.every(
      (one) => isObject(one) && typeof one.const === "string" && typeof one.title === "string",
    )
  );
}

function unsupported(what: string, version: string): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    `MCP ${version}, which the client speaks, lacks ${what}`,
  );
}
