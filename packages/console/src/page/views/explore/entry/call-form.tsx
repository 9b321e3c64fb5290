/** The frame of a form that starts a call: its fields, and the button that sends it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface CallFormProps {
  /** The word on the button. */
  readonly action: string;
  /** Resolves when the call has started. */
  readonly onSubmit: () => Promise<unknown>;
  /** Further buttons. */
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function CallForm({ action, onSubmit, actions, children }: CallFormProps) {
  const [problem, setProblem] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    setProblem("");
    onSubmit().catch((error: Error) => setProblem(error.message));
  };
  const submitByKeys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return (
    // The server decides about the arguments, so that its checks can be tried.
    <form class="card call-form" onSubmit={submit} onKeyDown={submitByKeys} noValidate>
      {children}
      <div class="row">
        <button type="submit" class="primary" title="Ctrl+Enter">
          {action}
        </button>
        {actions}
      </div>
      <p class="problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
