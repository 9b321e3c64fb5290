/**
 * Reports the size of the page to the host, which fits the frame to it.
 *
 * @spec ext-apps/apps#container-dimensions, ext-apps/apps#notifications-host-view
 */
import type { ContainerDimensions } from "../protocol/host-context.ts";
import type { ViewSize } from "../protocol/view-messages.ts";

/**
 * Returns the size that the content of the page needs, in CSS pixels, without the dimensions that
 * the host has fixed.
 */
export function measurePage(
  { width, height }: ContainerDimensions = {},
  root: HTMLElement = document.documentElement,
): ViewSize {
  return {
    ...(width === undefined && { width: root.scrollWidth }),
    // `scrollHeight` is at least the height of the frame, so a frame could never shrink.
    ...(height === undefined && { height: Math.ceil(root.getBoundingClientRect().height) }),
  };
}

/**
 * Calls `report` with the size now and after each change, once per size. Returns the function that
 * stops it.
 *
 * The first report does not wait for an animation frame: browsers do not draw frames without a
 * height, so a view that starts with none would never report.
 */
export function observeSize(
  dimensions: () => ContainerDimensions | undefined,
  report: (size: ViewSize) => void,
): () => void {
  let last = "";
  const measure = () => {
    const size = measurePage(dimensions());
    const text = JSON.stringify(size);
    if (text === last || text === "{}") return;
    last = text;
    report(size);
  };
  const observer = new ResizeObserver(measure);
  observer.observe(document.documentElement);
  if (document.body) observer.observe(document.body);
  measure();
  return () => observer.disconnect();
}
