/** A control for numbers. */
import { describedBy, type FieldProps } from "./field-props.ts";

export function NumberInput(props: FieldProps) {
  const { id, field, value, isRequired, onChange } = props;
  const isInteger = field.kind === "number" && field.isInteger;
  return (
    <input
      id={id}
      type="number"
      step={isInteger ? 1 : "any"}
      value={typeof value === "number" ? value : ""}
      aria-describedby={describedBy(props)}
      aria-required={isRequired}
      onInput={({ currentTarget: { value: text } }) =>
        onChange(text === "" ? undefined : Number(text))
      }
    />
  );
}
