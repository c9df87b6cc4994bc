// Cost against quality or latency, each option a point. The table says the same in words.

import type { DeploymentOption, Recommendation } from 'sizewell-wasm';
import { useState } from 'preact/hooks';
import { hardware } from './detail';
import { ms, plural, score, usd } from './format';

interface Measure {
  label: string;
  of: (option: DeploymentOption) => number | null;
  text: (value: number) => string;
  /** Whether more is better. */
  most: boolean;
}

const MEASURES: Record<string, Measure> = {
  quality: { label: 'Quality', of: (option) => option.quality, text: score, most: true },
  ttft: { label: 'TTFT, ms', of: (option) => option.latency.ttft.value_ms, text: ms, most: false },
  itl: { label: 'ITL, ms', of: (option) => option.latency.itl.value_ms, text: ms, most: false },
  e2e: { label: 'E2E, ms', of: (option) => option.latency.e2e.value_ms, text: ms, most: false },
};

const WIDTH = 460;
const HEIGHT = 258;
const LEFT = 46;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 42;

/** Round values that cover a range of costs, 1, 2 and 5 of each power of ten. */
function costMarks(low: number, high: number): number[] {
  const marks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const step of [1, 2, 5]) {
      const mark = step * 10 ** power;
      if (mark >= low && mark <= high) marks.push(mark);
    }
  }
  const every = Math.ceil(marks.length / 6);
  return marks.filter((_, index) => index % every === 0);
}

/** Round values that cover a range evenly. */
export function evenMarks(low: number, high: number): number[] {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const marks: number[] = [];
  for (let mark = Math.ceil(low / step) * step; mark <= high; mark += step) marks.push(mark);
  return marks;
}

const shortUsd = (value: number): string => {
  if (value >= 1e6) return `$${value / 1e6}M`;
  return value >= 1000 ? `$${value / 1000}k` : `$${value}`;
};

interface Point {
  option: DeploymentOption;
  cost: number;
  value: number;
}

/** Of points in order of cost, those that are better than all cheaper ones. */
function bestSoFar(points: readonly Point[], most: boolean): Point[] {
  const steps: Point[] = [];
  for (const point of points) {
    const last = steps.at(-1);
    if (!last || (most ? point.value > last.value : point.value < last.value)) steps.push(point);
  }
  return steps;
}

interface ChartProps {
  recommendation: Recommendation;
  selected: string;
  onOption: (id: string) => void;
}

export function Chart({ recommendation, selected, onOption }: ChartProps) {
  const [name, setName] = useState('quality');
  const measure = MEASURES[name] as Measure;
  const front = new Set(recommendation.pareto.map((option) => option.id));
  const known = [...recommendation.options, ...recommendation.near_misses].flatMap((option): Point[] => {
    const value = measure.of(option);
    return value === null || option.usd_per_month <= 0 ? [] : [{ option, cost: option.usd_per_month, value }];
  });
  known.sort((left, right) => left.cost - right.cost);
  const costs = known.map(({ cost }) => cost);
  const values = known.map(({ value }) => value);
  const [low, high] = [Math.min(...costs) / 1.25, Math.max(...costs) * 1.25];
  const spread = Math.max(...values) - Math.min(...values) || Math.max(...values) * 0.2 || 1;
  const [bottom, top] = [Math.max(0, Math.min(...values) - spread * 0.1), Math.max(...values) + spread * 0.1];
  const x = (cost: number) =>
    LEFT + (Math.log(cost / low) / Math.log(high / low)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const compliant = known.filter(({ option }) => option.misses.length === 0);
  const steps = bestSoFar(compliant, measure.most);
  const line = steps
    .map(({ cost, value }, index) => (index === 0 ? `M${x(cost)} ${y(value)}` : `H${x(cost)}V${y(value)}`))
    .join('');
  const targets = recommendation.specification.slo;
  const target = { ttft: targets.ttft_ms, itl: targets.itl_ms, e2e: targets.e2e_ms }[name];
  // The one that is looked at last, so that it lies on top.
  const drawn = [...known].sort((left, right) => place(left) - place(right));
  function place({ option }: Point): number {
    return option.id === selected ? 3 : front.has(option.id) ? 2 : option.misses.length === 0 ? 1 : 0;
  }
  return (
    <figure class="chart">
      <figcaption>
        <span>Cost a month against</span>
        <label>
          <span class="unseen">What to show against cost</span>
          <select value={name} onChange={(event) => setName(event.currentTarget.value)}>
            {Object.entries(MEASURES).map(([key, { label }]) => <option key={key} value={key}>{label}</option>)}
          </select>
        </label>
      </figcaption>
      {known.length === 0 ? (
        <p class="quiet">Not known for these options.</p>
      ) : (
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`${plural(compliant.length, 'option')} by cost a month and ${measure.label}; the table has the figures`}
        >
          {costMarks(low, high).map((mark) => (
            <g key={mark}>
              <line class="grid" x1={x(mark)} x2={x(mark)} y1={TOP} y2={HEIGHT - BOTTOM} />
              <text x={x(mark)} y={HEIGHT - BOTTOM + 16} text-anchor="middle">{shortUsd(mark)}</text>
            </g>
          ))}
          {evenMarks(bottom, top).map((mark) => (
            <g key={mark}>
              <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(mark)} y2={y(mark)} />
              <text x={LEFT - 7} y={y(mark) + 4} text-anchor="end">{Number(mark.toPrecision(4))}</text>
            </g>
          ))}
          {target !== undefined && target < top && target > bottom && (
            <line class="target" x1={LEFT} x2={WIDTH - RIGHT} y1={y(target)} y2={y(target)} />
          )}
          <path class="front-line" d={line} />
          {drawn.map(({ option, cost, value }) => {
            const kind = option.misses.length > 0 ? 'miss' : front.has(option.id) ? 'pareto' : 'other';
            const chosen = option.id === selected;
            return (
              <g
                key={option.id}
                class={`point ${kind}${chosen ? ' chosen' : ''}`}
                transform={`translate(${x(cost)} ${y(value)})`}
                onClick={() => onOption(option.id)}
              >
                <title>{`${option.model_name}, ${hardware(option)}: ${usd(cost)} a month, ${measure.label} ${measure.text(value)}`}</title>
                <circle class="reach" r="11" />
                {chosen && <circle class="ring" r="9" />}
                {kind === 'pareto' ? <path d="M0 -5.500L5.500 0L0 5.500L-5.500 0z" /> : <circle r="3.600" />}
              </g>
            );
          })}
          <text class="axis" x={WIDTH - RIGHT} y={HEIGHT - 3} text-anchor="end">USD a month, log scale</text>
        </svg>
      )}
      <p class="key" aria-hidden="true">
        <span class="pareto">◆ Pareto front</span>
        <span class="other">● other options</span>
        {recommendation.near_misses.length > 0 && <span class="miss">○ near misses</span>}
        {target !== undefined && <span class="target">┄ target</span>}
      </p>
    </figure>
  );
}
