/** A control for values that have one of several schemas: the choice of one, and its fields. */
import { useState } from "preact/hooks";
import { describedBy, type NestingProps } from "./field-props.ts";
import { fitsSchema } from "./fits-schema.ts";
import { initialValue } from "./initial-value.ts";
import { fieldOf, type Variant } from "./read-schema.ts";

export function VariantInput(props: NestingProps & { readonly variants: readonly Variant[] }) {
  const { id, name, root, value, isRequired, variants, onChange, Nested } = props;
  const [chosen, setChosen] = useState<number>();
  const fitting = variants.findIndex(({ schema }) => fitsSchema(value, schema, root));
  const selected = fitting >= 0 && value !== undefined ? fitting : (chosen ?? -1);
  const current = variants[selected];
  const choose = (index: number) => {
    setChosen(index < 0 ? undefined : index);
    onChange(index < 0 ? undefined : initialValue(variants[index]?.schema, root));
  };
  return (
    <div class="variants">
      <select
        aria-label={`Kind of ${name}`}
        aria-describedby={describedBy(props)}
        value={selected < 0 ? "" : String(selected)}
        onChange={({ currentTarget }) => choose(Number(currentTarget.value || -1))}
      >
        <option value="">{isRequired ? "Choose …" : "Not set"}</option>
        {variants.map(({ label }, index) => (
          <option key={`${label} ${index}`} value={String(index)}>
            {label}
          </option>
        ))}
      </select>
      {current !== undefined && (
        <Nested
          key={selected}
          id={`${id}-${selected}`}
          name={current.label}
          field={fieldOf(current.schema, root)}
          root={root}
          isRequired
          value={value}
          onChange={onChange}
        />
      )}
    </div>
  );
}
