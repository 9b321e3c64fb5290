import { z } from "zod";

export const schema = { text: z.string() };
export const metadata = { name: "echo", description: "Returns the text" };

// biome-ignore lint/style/noDefaultExport: xmcp reads the default export.
export default function echo({ text }: { readonly text: string }): string {
  return text;
}
