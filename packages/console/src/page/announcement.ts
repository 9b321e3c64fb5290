/** A text that screen readers say, such as the end of a call. */
import { type Signal, signal } from "@preact/signals";

export const announcement: Signal<string> = signal("");
