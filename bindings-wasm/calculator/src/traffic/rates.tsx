// Requests per second over time, what is expected of them, and what a plan serves.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RateSeries, SeriesForecast } from 'sizewell-wasm';
import { evenMarks } from '../chart';
import { figure } from '../format';

const HEIGHT = 230;
const LEFT = 46;
const RIGHT = 10;
const TOP = 14;
const BOTTOM = 34;

/** Times between marks, in seconds. */
const SPACINGS = [60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000];
/** Width that a mark's text needs, in pixels. */
const MARK_WIDTH = 72;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** A time, or a time since the log's zero where its date is not known. */
export function moment(seconds: number, dated: boolean, spacing: number): string {
  if (dated) return (spacing < 86_400 ? clock : day).format(seconds * 1000);
  if (spacing >= 86_400) return `day ${Math.round(seconds / 86_400)}`;
  return spacing >= 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 60)} min`;
}

/** At most so many times at whole local days, hours or minutes. */
function timeMarks(from: number, to: number, dated: boolean, most: number): { marks: number[]; spacing: number } {
  const spacing = SPACINGS.find((length) => (to - from) / length <= most) ?? (to - from) / most;
  const offset = dated ? new Date(from * 1000).getTimezoneOffset() * 60 : 0;
  const marks: number[] = [];
  for (let mark = Math.ceil((from - offset) / spacing) * spacing + offset; mark <= to; mark += spacing) marks.push(mark);
  return { marks, spacing };
}

/** Lines through what is there, broken where it is missing. */
function line(values: readonly (number | null)[], x: (index: number) => number, y: (value: number) => number): string {
  let path = '';
  let joined = false;
  values.forEach((value, index) => {
    if (value !== null) path += `${joined ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    joined = value !== null;
  });
  return path;
}

/** The width that there is, so that text keeps its size on every screen. */
function useWidth() {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(760);
  useLayoutEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return { box, width };
}

interface RatesProps {
  series: RateSeries;
  outlook: SeriesForecast | null;
  /** What the option that is looked at serves, in requests per second. */
  capacity: number | null;
}

export function Rates({ series, outlook, capacity }: RatesProps) {
  const { box, width } = useWidth();
  const { values, step_seconds: step } = series;
  const dated = series.start_seconds !== null;
  const start = series.start_seconds ?? 0;
  const mean = outlook?.forecast.mean ?? [];
  const interval = outlook?.forecast.intervals[0];
  const seen = values.flatMap((value) => (value === null ? [] : [value]));
  const most = Math.max(...seen, ...mean, ...(interval?.upper ?? []));
  // A capacity far above the traffic would flatten it.
  const line_capacity = capacity !== null && capacity <= 3 * most ? capacity : null;
  const top = Math.max(most, line_capacity ?? 0) * 1.06 || 1;
  const end = start + (values.length + mean.length) * step;
  const x = (index: number) => LEFT + (index / (values.length + mean.length)) * (width - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const after = (index: number) => x(values.length + index);
  const { marks, spacing } = timeMarks(start, end, dated, Math.max(2, Math.floor((width - LEFT) / MARK_WIDTH)));
  const band = interval
    ? `${line(interval.upper, after, y)}${interval.lower
        .map((value, index) => `L${after(index).toFixed(1)} ${y(value).toFixed(1)}`)
        .reverse()
        .join('')}Z`
    : '';
  return (
    <figure class="rates" ref={box}>
      <figcaption>
        Requests per second{dated ? ', in your time zone' : ''}
        {outlook && <span class="quiet">, with the forecast and its 80% interval</span>}
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Rates from ${moment(start, dated, spacing)} to ${moment(end, dated, spacing)}, at most ${figure(most)} requests per second`}
      >
        {evenMarks(0, top).map((mark) => (
          <g key={mark}>
            <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(mark)} y2={y(mark)} />
            <text x={LEFT - 7} y={y(mark) + 4} text-anchor="end">{Number(mark.toPrecision(4))}</text>
          </g>
        ))}
        {marks.map((mark) => {
          const at = x((mark - start) / step);
          return (
            <g key={mark}>
              <line class="grid" x1={at} x2={at} y1={TOP} y2={HEIGHT - BOTTOM} />
              <text x={at} y={HEIGHT - BOTTOM + 16} text-anchor="middle">{moment(mark, dated, spacing)}</text>
            </g>
          );
        })}
        {band && <path class="band" d={band} />}
        <path class="seen" d={line(values, x, y)} />
        {mean.length > 0 && <path class="expected" d={line(mean, after, y)} />}
        {line_capacity !== null && (
          <line class="target" x1={LEFT} x2={width - RIGHT} y1={y(line_capacity)} y2={y(line_capacity)} />
        )}
      </svg>
      <p class="key" aria-hidden="true">
        <span class="seen">━ seen</span>
        {outlook && <span class="expected">┅ forecast</span>}
        {line_capacity !== null && <span class="target">┄ what the option serves</span>}
      </p>
    </figure>
  );
}
