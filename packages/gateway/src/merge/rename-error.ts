/** The name of a tool, resource or id in the errors of its upstream. */
import { isProtocolError, ProtocolError } from "lutra/protocol";

/** The names that a request has at the client and at the upstream. */
export interface Renaming {
  readonly sent: string;
  readonly original: string;
}

/** Minimum length of a name that is replaced anywhere in a message. Shorter names only at its end. */
const distinctLength = 8;

/** Returns the error with the name that the client sent in place of the upstream's. */
export function renameInError(error: unknown, { sent, original }: Renaming): unknown {
  if (sent === original || !isProtocolError(error)) return error;
  const message =
    original.length >= distinctLength
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
