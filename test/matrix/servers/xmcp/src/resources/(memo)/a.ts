export const metadata = { name: "a", description: "A text" };

// biome-ignore lint/style/noDefaultExport: xmcp reads the default export.
export default function read(): string {
  return "text of a";
}
