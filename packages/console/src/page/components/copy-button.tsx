/** Copies a text, and confirms it. */
import { useState } from "preact/hooks";

const shownMs = 1500;

export interface CopyButtonProps {
  /** Returns the text at the time of the click. */
  readonly text: () => string;
  /** @default "Copy" */
  readonly label?: string;
}

export function CopyButton({ text, label = "Copy" }: CopyButtonProps) {
  const [state, setState] = useState<string>();
  const show = (word: string) => {
    setState(word);
    setTimeout(() => setState(undefined), shownMs);
  };
  const copy = () => {
    navigator.clipboard.writeText(text()).then(
      () => show("Copied"),
      () => show("Not allowed"),
    );
  };
  return (
    <button type="button" class="quiet" onClick={copy} aria-live="polite">
      {state ?? label}
    </button>
  );
}
