/**
 * Connections for undici whose end never meets a paused parser.
 *
 * undici 7 throws an assertion, outside of any request, if a connection ends or is reset while a
 * response is paused, and the response is the last one of the connection. undici 8, which no longer
 * asserts this, needs Node 22.
 */
import type { Socket } from "node:net";
import { buildConnector } from "undici";

/** Creates a function that opens connections with these options. */
export function createConnector(
  options: buildConnector.BuildOptions = {},
): buildConnector.connector {
  const connect = buildConnector(options);
  return (target, callback) =>
    connect(target, (error, socket) => {
      if (error === null) callback(null, holdEnd(socket));
      else callback(error, null);
    });
}

/**
 * Delays the end of a socket until its reader has resumed. The reader gives the rest of the data back
 * when it pauses, and reads when it resumes. If there is no rest, a byte takes its place: a stream with
 * data has not ended.
 */
function holdEnd<S extends Socket>(socket: S): S {
  const { read, unshift, destroy } = socket;
  let isPaused = false;
  let hasByte = false;

  return Object.assign(socket, {
    unshift: (rest: Uint8Array) => {
      isPaused = true;
      hasByte = rest.length === 0 && !socket.destroyed;
      unshift.call(socket, hasByte ? Uint8Array.of(0) : rest);
    },
    read: (size?: number) => {
      const chunk = read.call(socket, size);
      isPaused = false;
      if (!hasByte || chunk === null) return chunk;
      hasByte = false;
      return chunk.subarray(1);
    },
    destroy: (error?: Error) =>
      destroy.call(socket, isPaused && isReset(error) ? brokenError(error) : error),
  });
}

function isReset(error: Error | undefined): error is Error {
  return error !== undefined && Reflect.get(error, "code") === "ECONNRESET";
}

/** An error that undici does not take for the end of a response. */
function brokenError(cause: Error): Error {
  return Object.assign(new Error(cause.message, { cause }), { code: "ERR_CONNECTION_BROKEN" });
}
