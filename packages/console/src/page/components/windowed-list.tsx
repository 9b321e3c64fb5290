/** A list of rows of one height, of which only the visible ones are in the document. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

export interface WindowedListProps<Item> {
  /** The name of the list, for screen readers. */
  readonly label: string;
  readonly items: readonly Item[];
  /** The height of a row, in pixels. */
  readonly rowHeight: number;
  readonly keyOf: (item: Item) => string;
  readonly render: (item: Item) => ComponentChildren;
  /** The key of the item that is scrolled into view when it changes. */
  readonly visible?: string | undefined;
}

/** Number of rows beyond both edges, so that scrolling shows no gap. */
const margin = 8;

export function WindowedList<Item>(props: WindowedListProps<Item>) {
  const { label, items, rowHeight, keyOf, render, visible } = props;
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  useEffect(() => {
    const index = items.findIndex((item) => keyOf(item) === visible);
    if (index >= 0 && box.current !== null) reveal(box.current, index * rowHeight, rowHeight);
  }, [visible]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - margin);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + margin);
  return (
    <section class="windowed" ref={box} aria-label={label}>
      <ul style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, index) => (
          <li
            key={keyOf(item)}
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {render(item)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function reveal(element: HTMLElement, top: number, height: number): void {
  if (top < element.scrollTop) element.scrollTop = top;
  const bottom = top + height - element.clientHeight;
  if (bottom > element.scrollTop) element.scrollTop = bottom;
}
