/** Controls for one of several values, and for some of them. */
import { describedBy, type FieldProps } from "./field-props.ts";
import type { Choice } from "./read-schema.ts";

type ChoiceProps = FieldProps & { readonly choices: readonly Choice[] };

export function ChoiceInput(props: ChoiceProps) {
  const { id, value, isRequired, choices, onChange } = props;
  const selected = indexOf(choices, value);
  return (
    <select
      id={id}
      value={selected < 0 ? "" : String(selected)}
      aria-describedby={describedBy(props)}
      aria-required={isRequired}
      onChange={({ currentTarget }) => onChange(choices[Number(currentTarget.value || -1)]?.value)}
    >
      <option value="">{isRequired ? "Choose …" : "Not set"}</option>
      {choices.map(({ label }, index) => (
        <option key={label} value={String(index)}>
          {label}
        </option>
      ))}
    </select>
  );
}

export function ChoicesInput({ id, value, choices, onChange }: ChoiceProps) {
  const chosen = Array.isArray(value) ? value : [];
  const toggle = (choice: Choice, isChosen: boolean) => {
    const next = choices
      .map((each) => each.value)
      .filter((each) => (each === choice.value ? isChosen : chosen.includes(each)));
    onChange(next.length === 0 ? undefined : next);
  };
  return (
    <div class="choices">
      {choices.map((choice, index) => (
        <div class="row" key={choice.label}>
          <input
            id={`${id}-${index}`}
            type="checkbox"
            checked={chosen.includes(choice.value)}
            onChange={({ currentTarget }) => toggle(choice, currentTarget.checked)}
          />
          <label for={`${id}-${index}`}>{choice.label}</label>
        </div>
      ))}
    </div>
  );
}

function indexOf(choices: readonly Choice[], value: unknown): number {
  if (value === undefined) return -1;
  const text = JSON.stringify(value);
  return choices.findIndex((choice) => JSON.stringify(choice.value) === text);
}
