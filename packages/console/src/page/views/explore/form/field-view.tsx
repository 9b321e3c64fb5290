/** One field of a form, with its label, its description and its control. */
import { ChoiceInput, ChoicesInput } from "./choice-input.tsx";
import type { FieldProps } from "./field-props.ts";
import { JsonInput } from "./json-input.tsx";
import { ListInput } from "./list-input.tsx";
import { NumberInput } from "./number-input.tsx";
import { ObjectInput } from "./object-input.tsx";
import { TextInput } from "./text-input.tsx";
import { VariantInput } from "./variant-input.tsx";

export function FieldView(props: FieldProps) {
  const { id, name, field, isRequired } = props;
  const { title, description, hints, kind } = field;
  const isGroup = kind === "list" || kind === "object" || kind === "choices" || kind === "variants";
  const label = (
    <>
      <span>{title ?? name}</span>
      {title !== undefined && title !== name && <code class="dim small"> {name}</code>}
      {isRequired ? (
        <span class="required" title="required">
          {" *"}
          <span class="visually-hidden"> (required)</span>
        </span>
      ) : null}
    </>
  );
  const note = [description, hints.join(", ")].filter((text) => text).join(" · ");
  const noteView = note !== "" && (
    <p class="note" id={`${id}-note`}>
      {note}
    </p>
  );
  if (isGroup) {
    return (
      <fieldset class="field" aria-describedby={note === "" ? undefined : `${id}-note`}>
        <legend>{label}</legend>
        {noteView}
        <NullableControl {...props} />
      </fieldset>
    );
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {noteView}
      <NullableControl {...props} />
    </div>
  );
}

/** A control, and the value `null` beside it if the schema allows that. */
function NullableControl(props: FieldProps) {
  const { id, name, field, value, onChange } = props;
  if (!field.isNullable || field.kind === "choice") return <Control {...props} />;
  if (value === null) {
    return (
      <div class="row">
        <code id={id}>null</code>
        <button type="button" class="quiet" onClick={() => onChange(undefined)}>
          {`Enter ${name}`}
        </button>
      </div>
    );
  }
  return (
    <>
      <Control {...props} />
      <button
        type="button"
        class="quiet"
        aria-label={`Set ${name} to null`}
        onClick={() => onChange(null)}
      >
        Set to null
      </button>
    </>
  );
}

function Control(props: FieldProps) {
  switch (props.field.kind) {
    case "string":
      return <TextInput {...props} />;
    case "number":
      return <NumberInput {...props} />;
    case "boolean":
      return <ChoiceInput {...props} choices={booleans} />;
    case "choice":
      return <ChoiceInput {...props} choices={props.field.choices} />;
    case "choices":
      return <ChoicesInput {...props} choices={props.field.choices} />;
    case "list":
      return <ListInput {...props} Nested={FieldView} item={props.field.item} />;
    case "object":
      return <ObjectInput {...props} Nested={FieldView} members={props.field.members} />;
    case "variants":
      return <VariantInput {...props} Nested={FieldView} variants={props.field.variants} />;
    case "json":
      return <JsonInput {...props} />;
  }
}

const booleans = [
  { value: true, label: "true" },
  { value: false, label: "false" },
];
