/** A short word for a state. The state is in its text, and not in its colour alone. */
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
