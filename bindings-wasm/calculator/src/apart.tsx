// What is no option: the near misses, and what was ruled out and why.

import type { Recommendation, Rejected, RejectionCode } from 'sizewell-wasm';
import { useState } from 'preact/hooks';
import { hardware } from './detail';
import { count, plural, usd } from './format';

const REASONS: Record<RejectionCode, string> = {
  not_preferred: 'Excluded, or others are asked for',
  licence: 'Licence is not acceptable',
  task: 'Not made for the use case',
  domain: 'Specialist in something else',
  context: 'Context is too short',
  parallelism: 'Cannot be split over the GPUs so',
  memory: 'Does not fit the memory',
  not_measured: 'Not measured at these lengths',
  percentile_not_measured: 'Percentile was not measured',
  latency: 'Far from the latency targets',
  budget: 'Far above the budget',
  max_gpus: 'Needs too many GPUs',
  price_not_known: 'Price is not known',
  kernels: 'No kernels for the number format on the GPU',
};

interface ApartProps {
  recommendation: Recommendation;
  selected: string;
  onOption: (id: string) => void;
}

function NearMisses({ recommendation: { near_misses: misses }, selected, onOption }: ApartProps) {
  return (
    <div class="scroll" role="group" aria-label="Near misses" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col" class="number">Cost a month</th>
            <th scope="col">Misses</th>
          </tr>
        </thead>
        <tbody>
          {misses.map((option) => (
            <tr
              key={option.id}
              class={option.id === selected ? 'selected' : ''}
              onClick={() => onOption(option.id)}
            >
              <th scope="row" class="col-option">
                <button type="button" class="pick" aria-pressed={option.id === selected}>{option.model_name}</button>
                <span class="sub">{hardware(option)}</span>
              </th>
              <td class="number">{usd(option.usd_per_month)}</td>
              <td>{option.misses.map((miss) => <span class="miss-line" key={miss.field}>{miss.message}</span>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function where({ model, gpu, gpus_per_replica, backend }: Rejected): string {
  if (gpu === null) return model;
  const gpus = gpus_per_replica === null ? gpu : `${gpus_per_replica} × ${gpu}`;
  return `${model} on ${gpus}${backend ? `, ${backend}` : ''}`;
}

function RuledOut({ rejected }: { rejected: readonly Rejected[] }) {
  const groups = new Map<RejectionCode, Rejected[]>();
  for (const row of rejected) {
    const group = groups.get(row.code);
    if (group) group.push(row);
    else groups.set(row.code, [row]);
  }
  return (
    <>
      {[...groups].map(([code, rows]) => (
        <section key={code} class="ruled-out">
          <h4>{REASONS[code] ?? code} <span class="quiet">{count(rows.length)}</span></h4>
          <ul>
            {rows.map((row, index) => (
              <li key={index}>
                <span>{where(row)}</span> <span class="quiet">{row.reason}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

export function Apart(props: ApartProps) {
  const { near_misses: misses, rejected, options } = props.recommendation;
  const [missesOpen, setMissesOpen] = useState<boolean | null>(null);
  const [rejectedOpen, setRejectedOpen] = useState(false);
  // Where nothing fits, what nearly does is the answer.
  const showMisses = missesOpen ?? options.length === 0;
  return (
    <div class="apart">
      {misses.length > 0 && (
        <details open={showMisses} onToggle={(event) => {
          if (event.currentTarget.open !== showMisses) setMissesOpen(event.currentTarget.open);
        }}>
          <summary><h3>{plural(misses.length, 'near miss', 'near misses')}</h3> <span class="quiet">over a target or the budget by at most half</span></summary>
          <NearMisses {...props} />
        </details>
      )}
      {rejected.length > 0 && (
        <details open={rejectedOpen} onToggle={(event) => setRejectedOpen(event.currentTarget.open)}>
          <summary><h3>{count(rejected.length)} ruled out</h3> <span class="quiet">with the reason of each</span></summary>
          {rejectedOpen && <RuledOut rejected={rejected} />}
        </details>
      )}
    </div>
  );
}
