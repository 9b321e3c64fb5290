/** The blocks of a result: text, images, audio, resources and links to them. */
import type { ContentBlock, ResourceContents } from "lutra/protocol";
import { Badge } from "../../../components/badge.tsx";
import { JsonView } from "../../../components/json-view.tsx";
import { hrefOf } from "../../../router.ts";
import { TextBlock } from "./text-block.tsx";

export function ContentView({ block }: { readonly block: ContentBlock }) {
  switch (block.type) {
    case "text":
      return <TextBlock text={block.text} />;
    case "image":
      return <Picture data={block.data} mimeType={block.mimeType} />;
    case "audio":
      return <Sound data={block.data} mimeType={block.mimeType} />;
    case "resource":
      return <ResourceView contents={block.resource} />;
    case "resource_link":
      return (
        <div class="block link-block">
          <a href={hrefOf(["explore", "resources", block.uri])}>{block.title ?? block.name}</a>
          <code class="dim small">{block.uri}</code>
          {block.mimeType !== undefined && <Badge>{block.mimeType}</Badge>}
          {block.description !== undefined && <p class="dim">{block.description}</p>}
        </div>
      );
    default:
      return (
        <div class="block">
          <JsonView value={block} />
        </div>
      );
  }
}

/** The contents of a resource. */
export function ResourceView({ contents }: { readonly contents: ResourceContents }) {
  const { uri, mimeType = "" } = contents;
  return (
    <div class="stack">
      <p class="row small">
        <code class="dim">{uri}</code>
        {mimeType !== "" && <Badge>{mimeType}</Badge>}
      </p>
      <ResourceBody contents={contents} />
    </div>
  );
}

function ResourceBody({ contents }: { readonly contents: ResourceContents }) {
  const { mimeType = "application/octet-stream" } = contents;
  if ("text" in contents && typeof contents.text === "string") {
    return <TextBlock text={contents.text} mimeType={mimeType} />;
  }
  const data = "blob" in contents && typeof contents.blob === "string" ? contents.blob : "";
  if (mimeType.startsWith("image/")) return <Picture data={data} mimeType={mimeType} />;
  if (mimeType.startsWith("audio/")) return <Sound data={data} mimeType={mimeType} />;
  return (
    <div class="block row">
      <span>{`${sizeOf(data)} bytes of ${mimeType}`}</span>
      <a download="resource" href={dataURL(data, "application/octet-stream")}>
        Save
      </a>
    </div>
  );
}

interface Media {
  readonly data: string;
  readonly mimeType: string;
}

/** An SVG inside `img` runs no scripts and loads nothing. */
function Picture({ data, mimeType }: Media) {
  if (!/^image\/[\w.+-]+$/.test(mimeType)) return <p class="problem">{mimeType}: not an image</p>;
  return (
    <figure class="block">
      <img class="picture" src={dataURL(data, mimeType)} alt="Result of the call" />
      <figcaption class="dim small">{`${mimeType}, ${sizeOf(data)} bytes`}</figcaption>
    </figure>
  );
}

function Sound({ data, mimeType }: Media) {
  if (!/^audio\/[\w.+-]+$/.test(mimeType)) return <p class="problem">{mimeType}: not audio</p>;
  return (
    <figure class="block">
      {/* biome-ignore lint/a11y/useMediaCaption: results have no captions */}
      <audio controls src={dataURL(data, mimeType)} aria-label="Audio of the result" />
      <figcaption class="dim small">{`${mimeType}, ${sizeOf(data)} bytes`}</figcaption>
    </figure>
  );
}

function dataURL(data: string, mimeType: string): string {
  return `data:${mimeType};base64,${data}`;
}

/** Returns the number of bytes of base64. */
function sizeOf(data: string): number {
  return Math.floor((data.replace(/=+$/, "").length * 3) / 4);
}
