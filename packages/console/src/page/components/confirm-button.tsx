/** A button whose action must be confirmed in a dialog. */
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

export interface ConfirmButtonProps {
  /** The text of the button. */
  readonly label: string;
  /** A longer name for screen readers, such as "Drain replica 2 of atlas". */
  readonly name: string;
  /** The question of the dialog. */
  readonly question: string;
  /** The text of the button that confirms. */
  readonly confirm: string;
  readonly isDanger?: boolean;
  /** The explanation of the action. */
  readonly children: ComponentChildren;
  /** Rejects with the reason why the action failed. */
  readonly onConfirm: () => Promise<void>;
}

export function ConfirmButton(props: ConfirmButtonProps) {
  const { label, name, question, confirm, isDanger = false, children, onConfirm } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const run = async () => {
    setBusy(true);
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  const open = () => {
    setProblem("");
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" class="small-button" aria-label={name} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} class="confirm card" aria-labelledby={id}>
        <h2 id={id}>{question}</h2>
        <div class="dim">{children}</div>
        <p class="problem" role="alert">
          {problem}
        </p>
        <div class="row end">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="button"
            class={isDanger ? "danger" : "primary"}
            disabled={isBusy}
            onClick={() => void run()}
          >
            {confirm}
          </button>
        </div>
      </dialog>
    </>
  );
}
