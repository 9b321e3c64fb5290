/** A small line without axes, for the course of one value. */

export interface SparklineProps {
  readonly values: readonly number[];
  /** A sentence for screen readers. */
  readonly summary: string;
}

const width = 160;
const height = 32;

export function Sparkline({ values, summary }: SparklineProps) {
  const max = Math.max(1, ...values);
  const points = values.map((value, index) => {
    const x = (index / Math.max(1, values.length - 1)) * width;
    return `${x.toFixed(1)} ${(height - 2 - (value / max) * (height - 4)).toFixed(1)}`;
  });
  return (
    <svg
      class="sparkline tone-1"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary}
    >
      <path class="area" d={`M0 ${height}L${points.join("L")}L${width} ${height}Z`} />
      <path class="line" d={`M${points.join("L")}`} />
    </svg>
  );
}
