import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import {
  encodeHeaderParams,
  headerParams,
  requireHeaderParams,
} from "../../../packages/lutra/src/protocol/header-params.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { orRefused, type Target, wellFormed } from "../target.ts";

const isTypeError = (thrown: unknown) => thrown instanceof TypeError;

export const headerParamsTarget: Target = {
  kind: "json",
  name: "header-params",
  title: "x-mcp-header: headers encoded from arguments match them, and others do not",
  dictionary: ["x-mcp-header", "properties", "type", "string", "integer", "boolean", "Region"],
  check: (input) => {
    if (!isObject(input) || !isObject(input.schema) || !isObject(input.args)) return;
    const { schema, args, sent } = input;
    const params = orRefused(() => headerParams(schema), isTypeError);
    if (params === undefined) return;
    const headers = orRefused(() => encodeHeaderParams(params, args), isTypeError);
    if (headers === undefined) return;
    const byName = new Headers(headers);
    requireHeaderParams(params, asBody(args), (name) => byName.get(name) ?? undefined);
    const others = isObject(sent) ? sent : {};
    const isMismatch = (thrown: unknown) =>
      isProtocolError(thrown) && thrown.reason === "headerMismatch";
    const read = (name: string) => {
      const value = Object.hasOwn(others, name) ? others[name] : undefined;
      return typeof value === "string" ? value : undefined;
    };
    orRefused(() => requireHeaderParams(params, args, read), isMismatch);
  },
};

/** Returns arguments as a body transports them, in which lone surrogates become U+FFFD. */
function asBody(args: object): { readonly [name: string]: unknown } {
  const text = JSON.stringify(args, (_key, value: unknown) =>
    typeof value === "string" ? wellFormed(value) : value,
  );
  return JSON.parse(text) as { readonly [name: string]: unknown };
}
