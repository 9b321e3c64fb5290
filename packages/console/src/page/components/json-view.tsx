/** A JSON value as a tree. Only what is open is rendered, and long texts and lists are cut. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

export interface JsonViewProps {
  readonly value: unknown;
  /** The number of levels that are open at first. @default 2 */
  readonly depth?: number;
}

/** Number of members that are shown at a time. */
const pageSize = 100;
/** Number of characters of a string that are shown at first. */
const shownCharacters = 500;

export function JsonView({ value, depth = 2 }: JsonViewProps) {
  return (
    <div class="json">
      <Node value={value} depth={depth} />
    </div>
  );
}

interface NodeProps {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
}

function Node({ name, value, depth }: NodeProps) {
  if (typeof value === "object" && value !== null) {
    return <Branch name={name ?? ""} value={value} depth={depth} />;
  }
  return (
    <div class="leaf">
      <Name name={name} />
      {typeof value === "string" ? <Text value={value} /> : <Scalar value={value} />}
    </div>
  );
}

function Branch({ name, value, depth }: NodeProps & { readonly value: object }) {
  const [isOpen, setOpen] = useState(depth > 0);
  const [shown, setShown] = useState(pageSize);
  const entries = Object.entries(value);
  const isArray = Array.isArray(value);
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  const size = `${entries.length} ${isArray ? "item" : "member"}${entries.length === 1 ? "" : "s"}`;
  if (entries.length === 0) {
    return (
      <div class="leaf">
        <Name name={name} />
        <span class="dim">{`${open}${close}`}</span>
      </div>
    );
  }
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Name name={name} />
        <span class="dim">{isOpen ? `${open} ${size}` : `${open} … ${close} ${size}`}</span>
      </summary>
      {isOpen && (
        <div class="members">
          {entries.slice(0, shown).map(([key, member]) => (
            <Node key={key} name={key} value={member} depth={depth - 1} />
          ))}
          {shown < entries.length && (
            <More onClick={() => setShown(shown + pageSize)}>
              {`${entries.length - shown} more`}
            </More>
          )}
        </div>
      )}
    </details>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  if (name === undefined || name === "") return null;
  return <span class="key">{`${name}: `}</span>;
}

function Text({ value }: { readonly value: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = isWhole ? value : value.slice(0, shownCharacters);
  return (
    <>
      <span class="string">{`"${text}${text.length < value.length ? "…" : ""}"`}</span>
      {text.length < value.length && (
        <More onClick={() => setWhole(true)}>{`all ${value.length} characters`}</More>
      )}
    </>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  return <span class={value === null ? "dim" : "scalar"}>{String(value)}</span>;
}

interface MoreProps {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

function More({ onClick, children }: MoreProps) {
  return (
    <button type="button" class="quiet small" onClick={onClick}>
      {children}
    </button>
  );
}
