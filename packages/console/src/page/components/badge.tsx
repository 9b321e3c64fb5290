/** A short word about the state of something. The word says it, too, and not the colour alone. */
import type { ComponentChildren } from "preact";

export type Tone = "neutral" | "good" | "warn" | "bad" | "info";

export interface BadgeProps {
  readonly tone?: Tone;
  /** A longer text for the pointer. */
  readonly title?: string;
  readonly children: ComponentChildren;
}

export function Badge({ tone = "neutral", title, children }: BadgeProps) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}
