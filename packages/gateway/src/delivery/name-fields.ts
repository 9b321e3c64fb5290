import { coreMethods, type JSONRPCRequest, type Method } from "lutra/protocol";

/** The parameter that says what a request is about, by method. */
export type NameFields = ReadonlyMap<string, string>;

/** Those of the core protocol and of extensions. */
export function nameFieldsOf(methods: readonly Method[] = []): NameFields {
  const fields = new Map<string, string>();
  for (const { name, nameField } of [...coreMethods, ...methods]) {
    if (nameField !== undefined) fields.set(name, nameField);
  }
  return fields;
}

/** What a request is about: the tool, the prompt, the resource. */
export function nameOf(fields: NameFields, { method, params }: JSONRPCRequest): string | undefined {
  const field = fields.get(method);
  const name = field === undefined ? undefined : params?.[field];
  return typeof name === "string" ? name : undefined;
}
