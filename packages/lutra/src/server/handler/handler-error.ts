/**
 * A mistake in the code of a handler, such as a step that is used twice, or a change that a call in
 * flight can't survive. The message contains only names from that code, so the peer receives it too.
 */
export class HandlerError extends TypeError {
  override readonly name: string = "HandlerError";
}
