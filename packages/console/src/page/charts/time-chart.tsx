/** A chart of values over time: lines, or areas on top of each other. */
import { useId, useRef, useState } from "preact/hooks";
import { clockText } from "../units.ts";
import { scaleTo } from "./scale.ts";

interface ChartSeries {
  readonly name: string;
  /** A class of `charts.css` that gives it a colour, such as `tone-1`. */
  readonly tone: string;
  /** One value for each time; undefined for none. */
  readonly values: readonly (number | undefined)[];
}

export interface TimeChartProps {
  readonly title: string;
  /** A sentence for screen readers. */
  readonly summary: string;
  /** The times, in milliseconds since 1970, in equal steps. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly kind: "lines" | "stack";
  readonly textOf: (value: number) => string;
  /** The least upper end of the axis. */
  readonly least?: number;
}

/** The coordinates of the drawing; the browser scales it to the width of its box. */
const width = 600;
const height = 150;

export function TimeChart(props: TimeChartProps) {
  const { title, summary, times, series, kind, textOf, least } = props;
  const [at, setAt] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const layers = kind === "stack" ? stacked(series) : series.map(({ values }) => values);
  const scale = scaleTo(Math.max(0, ...layers.flat().map((value) => value ?? 0)), least);
  const x = (index: number) => (index / Math.max(1, times.length - 1)) * width;
  const y = (value: number) => height - (value / scale.max) * height;
  const point = (event: PointerEvent) => {
    const bounds = box.current?.getBoundingClientRect();
    if (bounds === undefined) return;
    const share = (event.clientX - bounds.left) / bounds.width;
    setAt(Math.max(0, Math.min(times.length - 1, Math.round(share * (times.length - 1)))));
  };
  const shown = at ?? times.length - 1;
  return (
    <figure class="chart card" aria-labelledby={id}>
      <figcaption>
        <h3 id={id}>{title}</h3>
        <Legend series={series} shown={shown} textOf={textOf} />
      </figcaption>
      <p class="visually-hidden">{summary}</p>
      <div class="plot" aria-hidden="true">
        <div class="axis">
          {scale.ticks.map((tick) => (
            <span key={tick} style={{ bottom: `${(100 * tick) / scale.max}%` }}>
              {textOf(tick)}
            </span>
          ))}
        </div>
        <div
          class="drawing"
          ref={box}
          onPointerMove={point}
          onPointerLeave={() => setAt(undefined)}
        >
          <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="presentation">
            {scale.ticks.map((tick) => (
              <line key={tick} class="grid" x1="0" x2={width} y1={y(tick)} y2={y(tick)} />
            ))}
            {layers.map((values, index) => {
              const tone = series[index]?.tone ?? "";
              if (values.every((value) => (value ?? 0) === 0)) return null;
              const below = kind === "stack" ? (layers[index + 1] ?? []) : [];
              return (
                <g key={tone} class={tone}>
                  {kind === "stack" && <path class="area" d={areaPath(values, below, { x, y })} />}
                  <path class="line" d={linePath(values, { x, y })} />
                </g>
              );
            })}
            {at !== undefined && <line class="cursor" x1={x(at)} x2={x(at)} y1="0" y2={height} />}
          </svg>
        </div>
      </div>
      <p class="times small dim" aria-hidden="true">
        <span>{clockText(times[0] ?? 0, false)}</span>
        {at !== undefined && <strong>{clockText(times[at] ?? 0, false)}</strong>}
        <span>now</span>
      </p>
    </figure>
  );
}

interface LegendProps extends Pick<TimeChartProps, "series" | "textOf"> {
  readonly shown: number;
}

function Legend({ series, shown, textOf }: LegendProps) {
  return (
    <ul class="legend small">
      {series.map(({ name, tone, values }) => {
        const value = values[shown];
        return (
          <li key={name} class={tone}>
            <span class="swatch" aria-hidden="true" />
            {name}
            <strong>{value === undefined ? "–" : textOf(value)}</strong>
          </li>
        );
      })}
    </ul>
  );
}

type Values = ChartSeries["values"];

/** Returns the upper edge of each layer; the first one is on top. */
function stacked(series: readonly ChartSeries[]): readonly Values[] {
  return series.map((_own, index) =>
    (series[0]?.values ?? []).map((_value, at) =>
      series.slice(index).reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
    ),
  );
}

interface Axes {
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
}

/** Returns the path of a line, with gaps where there is no value. */
function linePath(values: Values, { x, y }: Axes): string {
  let isOpen = false;
  return values
    .map((value, index) => {
      const command = isOpen ? "L" : "M";
      isOpen = value !== undefined;
      if (value === undefined) return "";
      const next = values[index + 1];
      // A value without neighbours is drawn as a short line.
      const dot = command === "M" && next === undefined ? `h${width / values.length / 2}` : "";
      return `${command}${x(index).toFixed(1)} ${y(value).toFixed(1)}${dot}`;
    })
    .join("");
}

/** Returns the path of the area between a layer and the one below it. */
function areaPath(values: Values, below: Values, { x, y }: Axes): string {
  const upper = values.map((value, at) => `${x(at).toFixed(1)} ${y(value ?? 0).toFixed(1)}`);
  const lower = values.map((_value, at) => `${x(at).toFixed(1)} ${y(below[at] ?? 0).toFixed(1)}`);
  return `M${upper.join("L")}L${lower.reverse().join("L")}Z`;
}
