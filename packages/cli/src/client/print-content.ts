/** Prints content blocks and resources: text as it is, and other data as the path of a file. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ContentBlock, ResourceContents } from "lutra/protocol";
import { CommandError } from "../command-error.ts";
import { plainLine, plainText } from "./plain-text.ts";
import type { Screen } from "./screen.ts";

/** Returns blocks as text for a person. `folder` is the value of `--save`. */
export function contentText(
  blocks: readonly ContentBlock[],
  screen: Screen,
  folder: string | undefined,
): string {
  const save = createSaver(folder);
  return blocks.map((block) => blockText(block, screen, save)).join("\n");
}

/** Returns the contents of a resource as text for a person. */
export function resourceText(
  contents: readonly ResourceContents[],
  screen: Screen,
  folder: string | undefined,
): string {
  const save = createSaver(folder);
  return contents.map((each) => partText(each, screen, save)).join("\n");
}

/** Returns text of a server as it is, but without control characters in a terminal. */
function shownText(text: string, { isTerminal }: Screen): string {
  return isTerminal ? plainText(text) : text;
}

function blockText(block: ContentBlock, screen: Screen, save: Save): string {
  switch (block.type) {
    case "text":
      return shownText(block.text, screen);
    case "image":
    case "audio":
      return save(block.type, block.mimeType, block.data);
    case "resource_link":
      return plainLine(`${block.title ?? block.name}: ${block.uri}`);
    case "resource":
      return partText(block.resource, screen, save);
    default:
      // Servers may send blocks of later revisions.
      return plainText(JSON.stringify(block, null, 2));
  }
}

function partText(part: ResourceContents, screen: Screen, save: Save): string {
  if ("text" in part) return shownText(part.text, screen);
  return save("resource", part.mimeType ?? "application/octet-stream", part.blob);
}

/** Writes data to a file, and returns a line with its path. */
type Save = (kind: string, mimeType: string, base64: string) => string;

/** Creates the folder with the first file. */
function createSaver(given: string | undefined): Save {
  let folder: string | undefined;
  let count = 0;
  return (kind, mimeType, base64) => {
    folder ??= createFolder(given);
    const bytes = Buffer.from(base64, "base64");
    const type = plainLine(mimeType);
    for (;;) {
      count += 1;
      const file = join(folder, `${kind}-${count}${endingOf(mimeType)}`);
      if (isWritten(file, bytes)) return `${type}, ${sizeOf(bytes)}: ${file}`;
    }
  };
}

function createFolder(given: string | undefined): string {
  if (given === undefined) return mkdtempSync(join(tmpdir(), "lutra-"));
  try {
    mkdirSync(given, { recursive: true });
  } catch {
    throw new CommandError(`--save ${given}: expected a folder that can be written`, 2);
  }
  return resolve(given);
}

/** Returns false if the file exists, which is never replaced. */
function isWritten(file: string, bytes: Uint8Array): boolean {
  try {
    writeFileSync(file, bytes, { flag: "wx" });
    return true;
  } catch (error) {
    if (Reflect.get(error as Error, "code") === "EEXIST") return false;
    throw new CommandError(`cannot write ${file}: ${(error as Error).message}`);
  }
}

/** Returns the ending of a file name. It has only letters, because the server chooses the type. */
function endingOf(mimeType: string): string {
  const [, subtype = ""] = /^[a-z]+\/(?:x-)?([a-z0-9]{1,10})\b/i.exec(mimeType) ?? [];
  const endings: { readonly [subtype: string]: string } = {
    jpeg: ".jpg",
    mpeg: ".mp3",
    plain: ".txt",
  };
  if (subtype === "" || subtype === "octet") return ".bin";
  return endings[subtype] ?? `.${subtype.toLowerCase()}`;
}

function sizeOf({ byteLength }: Uint8Array): string {
  return byteLength < 1024 ? `${byteLength} B` : `${(byteLength / 1024).toFixed(1)} KiB`;
}
