/** Connections to the window of a view. */

/** A connection to a view. Implement it for windows other than frames of a page. */
export interface AppPort {
  readonly post: (message: unknown) => void;
  /** Calls `receive` with each message of the view. Returns a function that stops it. */
  readonly listen: (receive: (message: unknown) => void) => () => void;
}

/**
 * Returns the connection to a frame. It ignores messages of other windows, and those of an
 * origin other than the given one.
 */
export function framePort(frame: HTMLIFrameElement, origin: string): AppPort {
  return {
    post: (message) => frame.contentWindow?.postMessage(message, origin),
    listen: (receive) => {
      const onMessage = (event: MessageEvent) => {
        if (event.source === null || event.source !== frame.contentWindow) return;
        if (event.origin === origin) receive(event.data);
      };
      addEventListener("message", onMessage);
      return () => removeEventListener("message", onMessage);
    },
  };
}
