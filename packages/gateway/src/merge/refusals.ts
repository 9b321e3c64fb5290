/** What a merged server itself says no to. */
import { isProtocolError, modernVersions, ProtocolError } from "lutra/protocol";

/** A request that names what is not there, or is malformed. */
export function invalidParams(message: string, data?: unknown): ProtocolError {
  return new ProtocolError("invalidParams", message, { data });
}

/** A method that no upstream can be found for. */
export function methodNotFound(method: string): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found: ${method}`, {
    data: { supported: [...modernVersions] },
  });
}

/** The same for ids that never were, that another caller has, and that were tampered with. */
export function unknownId(field: string): ProtocolError {
  return invalidParams(`params.${field}: unknown`);
}

/** The names that a request had at the client and at the upstream. */
export interface Renaming {
  readonly sent: string;
  readonly original: string;
}

/** How long a name must be to be replaced wherever a message has it, and not only at its end. */
const telling = 8;

/** The error in the client's words: the name that it sent, in place of the upstream's. */
export function renameInError(error: unknown, { sent, original }: Renaming): unknown {
  if (sent === original || !isProtocolError(error)) return error;
  const message =
    original.length >= telling
      ? error.message.replaceAll(original, sent)
      : error.message.endsWith(` ${original}`)
        ? error.message.slice(0, -original.length) + sent
        : error.message;
  const data = renameInData(error.data, { sent, original });
  if (message === error.message && data === error.data) return error;
  return ProtocolError.fromWire({ code: error.code, message, data }, error) ?? error;
}

function renameInData(data: unknown, { sent, original }: Renaming): unknown {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
  const members = Object.entries(data);
  if (!members.some(([, value]) => value === original)) return data;
  return Object.fromEntries(
    members.map(([name, value]) => [name, value === original ? sent : value]),
  );
}
