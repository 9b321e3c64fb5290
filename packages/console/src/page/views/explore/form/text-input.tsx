/** A control for texts. */
import { describedBy, type FieldProps } from "./field-props.ts";

export function TextInput(props: FieldProps) {
  const { id, field, value, isRequired, onChange } = props;
  const isLong = field.kind === "string" && field.isLong;
  const format = field.kind === "string" ? (field.format ?? "") : "";
  const common = {
    id,
    value: typeof value === "string" ? value : "",
    "aria-describedby": describedBy(props),
    "aria-required": isRequired,
    spellcheck: false,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => {
      const text = event.currentTarget.value;
      // An optional field that is cleared is left out.
      onChange(text === "" && !isRequired ? undefined : text);
    },
  };
  // Browsers show a calendar for dates. Other formats are checked by the server.
  if (format === "date") return <input type="date" {...common} />;
  if (!isLong) return <input type="text" autocomplete="off" {...common} />;
  return <textarea class="line" rows={1} onKeyDown={submitOnEnter} {...common} />;
}

/** Enter sends the form. Shift and Enter begins a new line. */
function submitOnEnter(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
}
