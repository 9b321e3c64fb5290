/** A control for values that no form can express: their JSON. */
import { useEffect, useState } from "preact/hooks";
import { describedBy, type FieldProps } from "./field-props.ts";

export function JsonInput(props: FieldProps) {
  const { id, value, onChange } = props;
  const [text, setText] = useState(() => textOf(value));
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (problem === "" && textOf(value) !== textOf(parsed(text))) setText(textOf(value));
  }, [value]);
  const change = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === "" ? undefined : JSON.parse(next));
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <>
      <textarea
        id={id}
        rows={3}
        value={text}
        spellcheck={false}
        placeholder="JSON"
        aria-invalid={problem !== ""}
        aria-describedby={problem === "" ? describedBy(props) : `${id}-problem`}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      <p class="problem" id={`${id}-problem`}>
        {problem}
      </p>
    </>
  );
}

function textOf(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, undefined, 2);
}

function parsed(text: string): unknown {
  try {
    return text.trim() === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
