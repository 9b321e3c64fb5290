/** Fills in URI templates (RFC 6570). Values are texts, so the modifiers for lists have no effect. */

interface Operator {
  readonly first: string;
  readonly between: string;
  /** True for `name=value`. */
  readonly isNamed: boolean;
  /** True if reserved characters stay as they are. */
  readonly isReserved: boolean;
}

const plain: Operator = { first: "", between: ",", isNamed: false, isReserved: false };

const operators: { readonly [operator: string]: Operator } = {
  "+": { ...plain, isReserved: true },
  "#": { ...plain, first: "#", isReserved: true },
  ".": { ...plain, first: ".", between: "." },
  "/": { ...plain, first: "/", between: "/" },
  ";": { ...plain, first: ";", between: ";", isNamed: true },
  "?": { ...plain, first: "?", between: "&", isNamed: true },
  "&": { ...plain, first: "&", between: "&", isNamed: true },
};

const expression = /\{([+#./;?&]?)([^{}]*)\}/g;

/** Returns the names of the variables of a template, in order. */
export function templateVariables(template: string): readonly string[] {
  const names = [...template.matchAll(expression)].flatMap(([, , list = ""]) => namesIn(list));
  return [...new Set(names.map(({ name }) => name))];
}

/** Returns the URI. Variables without a value are left out. */
export function expandTemplate(
  template: string,
  values: { readonly [name: string]: string },
): string {
  return template.replace(expression, (_, operator: string, list: string) => {
    const { first, between, isNamed, isReserved } = operators[operator] ?? plain;
    const parts = namesIn(list).flatMap(({ name, length }) => {
      const value = values[name];
      if (value === undefined || value === "") return [];
      const encoded = encode([...value].slice(0, length).join(""), isReserved);
      return [isNamed ? `${name}=${encoded}` : encoded];
    });
    return parts.length === 0 ? "" : first + parts.join(between);
  });
}

/** Returns true for a URI that may be an expansion of a template. The check is approximate. */
export function isExpansionOf(template: string, uri: string): boolean {
  const parts = template.split(expression).filter((_, index) => index % 3 === 0);
  let end = 0;
  return parts.every((part, index) => {
    const found = index === 0 ? (uri.startsWith(part) ? 0 : -1) : uri.indexOf(part, end);
    end = found + part.length;
    return found >= 0;
  });
}

function namesIn(list: string): readonly { readonly name: string; readonly length: number }[] {
  return list
    .split(",")
    .filter((variable) => variable !== "")
    .map((variable) => {
      const [name = "", prefix] = variable.replace(/\*$/, "").split(":", 2);
      return { name, length: prefix === undefined ? Number.POSITIVE_INFINITY : Number(prefix) };
    });
}

function encode(value: string, isReserved: boolean): string {
  const encoded = encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (!isReserved) return encoded;
  return encoded.replace(
    /%(?:3A|2F|3F|23|5B|5D|40|21|24|26|27|28|29|2A|2B|2C|3B|3D)/g,
    decodeURIComponent,
  );
}
