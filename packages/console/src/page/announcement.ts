/** A text that screen readers announce, such as the end of a call. */
import { type Signal, signal } from "@preact/signals";

export const announcement: Signal<string> = signal("");
