/** HTML from templates whose values are escaped. */

/** Text that is HTML already. Only `html` and `trusted` create it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template. Absent and false ones are left out. */
export type HTMLValue = Markup | string | number | false | undefined | readonly HTMLValue[];

/** Creates HTML. Strings among the values are escaped, for text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly HTMLValue[]): Markup {
  const parts = strings.map((text, index) => text + textOf(values[index]));
  return new Markup(parts.join(""));
}

/** Marks a text of this program as HTML. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function textOf(value: HTMLValue): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return value.map(textOf).join("");
}

const entities: { readonly [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? "");
}
