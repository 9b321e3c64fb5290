/** The results of the library servers in docs/from-official-sdk.md and docs/from-fastmcp.md. */
import { type Client, createClient, isProtocolError } from "lutra/client";
import type { ReadResourceResult } from "lutra/protocol";

/**
 * Calls every feature of a library server once. The results are without what may differ: metadata
 * and descriptions.
 */
export async function resultsOf(url: string) {
  const client = createClient(url, {
    onElicit: () => ({ action: "accept", content: { sure: true } }),
  });
  const progress: unknown[] = [];
  const onProgress = (step: unknown) => void progress.push(step);
  const argument = { name: "title", value: "M" };
  const ref = { type: "ref/prompt", name: "review" } as const;
  const results = {
    found: contentOf(await client.callTool("find_book", { title: "Momo" })),
    unknown: contentOf(await client.callTool("find_book", { title: "Emma" })),
    indexed: contentOf(await client.callTool("index_books", {}, { onProgress })),
    progress,
    about: textOf(await client.readResource("library://about")),
    book: textOf(await client.readResource("book://2")),
    missing: await codeOf(client, "book://9"),
    review: (await client.getPrompt("review", { title: "Momo" })).messages,
    completed: (await client.complete({ ref, argument })).completion.values,
    removed: (await client.callTool("remove_book", { id: "1" })).content,
  };
  return { results, close: () => client.close() };
}

/** FastMCP adds the name of the resource, which the specification does not define. */
function textOf({ contents }: ReadResourceResult) {
  return contents.map((content) => ({ ...content, name: undefined }));
}

function contentOf(result: {
  content: unknown;
  structuredContent?: unknown;
  isError?: boolean | undefined;
}) {
  const { content, structuredContent, isError = false } = result;
  return { content, structuredContent, isError };
}

async function codeOf(client: Client, uri: string): Promise<unknown> {
  return client.readResource(uri).catch((error: unknown) => {
    return isProtocolError(error) ? error.code : error;
  });
}
