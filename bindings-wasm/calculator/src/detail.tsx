// One option: its figures at a glance, then why, what it costs and what that rests on.

import type { DeploymentOption, LatencyFigure, LimitingResource, OptionPrediction } from 'sizewell-wasm';
import { count, figure, ms, percent, plural, score, usd } from './format';

/** What an option is, in a line. */
export function hardware(option: DeploymentOption): string {
  const { gpu_count, gpu, replicas, capacity } = option;
  const all = `${count(gpu_count)} × ${gpu}`;
  if (capacity.gpus_per_replica === 1) return `${all}, ${plural(replicas, 'replica')}`;
  return `${all}, ${plural(replicas, 'replica')} of ${capacity.gpus_per_replica}`;
}

/** A latency as a share of its target; the bar is full at the target. */
export function Bar({ latency }: { latency: LatencyFigure }) {
  const share = latency.target_ms > 0 ? latency.value_ms / latency.target_ms : 0;
  const level = share > 1 ? 'over' : share > 0.8 ? 'near' : 'within';
  return (
    <svg class={`bar ${level}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="4" />
      <rect class="fill" width={Math.min(100, share * 100)} height="4" />
    </svg>
  );
}

const LATENCIES = [
  ['ttft', 'TTFT', 'Time to the first token'],
  ['itl', 'ITL', 'Between two tokens'],
  ['e2e', 'E2E', 'Whole request'],
] as const;

function Against({ option }: { option: DeploymentOption }) {
  return (
    <dl class="against">
      {LATENCIES.map(([part, name, meaning]) => {
        const latency = option.latency[part];
        const bound = latency.measured_percentile !== option.latency.percentile;
        const predicted = option.prediction?.[part];
        return (
          <div key={part}>
            <dt><abbr title={meaning}>{name}</abbr> <span class="quiet">{option.latency.percentile}</span></dt>
            <dd>
              <span class="value">{bound && '≤ '}{ms(latency.value_ms)}</span>
              <span class="quiet"> of {ms(latency.target_ms)} ms</span>
              <Bar latency={latency} />
              {bound && <span class="quiet">measured {latency.measured_percentile}</span>}
              {predicted && (
                <span class="quiet interval" title="90% prediction interval">
                  90%: {ms(predicted.percentile_low_ms)} to {ms(predicted.percentile_high_ms)}
                </span>
              )}
            </dd>
          </div>
        );
      })}
      {option.quality !== null && (
        <div>
          <dt>Quality</dt>
          <dd>
            <span class="value">{score(option.quality)}</span>
            <span class="quiet"> of 100</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

export function Provenance({ option }: { option: DeploymentOption }) {
  const { provenance } = option.evidence;
  return <span class={`provenance ${provenance}`}>{provenance}</span>;
}

export function Verdict({ option, isBest }: { option: DeploymentOption; isBest: boolean }) {
  const misses = option.misses.length > 0;
  const label = misses ? 'Near miss' : isBest ? 'Best option' : `Option ${option.rank}`;
  return (
    <section class={misses ? 'verdict missing' : 'verdict'} aria-labelledby="verdict">
      <p class="kicker">{label} <Provenance option={option} /></p>
      <h3 id="verdict">{option.model_name}</h3>
      <p class="hardware">{hardware(option)} <span class="quiet">{option.weight_format}, {option.backend}</span></p>
      <p class="price">
        <strong>{usd(option.usd_per_month)}</strong> a month
        {option.over_budget_fraction !== null && (
          <span class="over-budget"> {percent(option.over_budget_fraction)} over budget</span>
        )}
      </p>
      <p class="quiet">
        {usd(option.usd_per_hour)} an hour, {usd(option.unit_costs.usd_per_million_tokens)} for 1M tokens
        {option.cost.provider && `, ${option.cost.provider}`}
      </p>
      <Against option={option} />
      <p class="load quiet">
        Serves up to {figure(option.capacity.capacity_qps)} requests a second;{' '}
        {percent(option.capacity.utilization_at_peak)} used at the peak of {figure(option.traffic.peak_qps)}.
      </p>
      {misses && (
        <ul class="misses">
          {option.misses.map((miss) => <li key={miss.field}>{miss.message}</li>)}
        </ul>
      )}
    </section>
  );
}

type Rows = readonly (readonly [name: string, value: string | null])[];

function Facts({ title, rows, notes = [] }: { title: string; rows: Rows; notes?: readonly string[] }) {
  const id = `facts-${title.toLowerCase().replaceAll(' ', '-')}`;
  return (
    <section class="fact-box" aria-labelledby={id}>
      <h4 id={id}>{title}</h4>
      <dl class="facts">
        {rows.map(([name, value]) => value !== null && (
          <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
      {notes.map((note) => <p class="quiet" key={note}>{note}</p>)}
    </section>
  );
}

function costRows({ cost, unit_costs, usd_per_hour, usd_per_month }: DeploymentOption): Rows {
  const items = cost.items.length > 1
    ? cost.items.map(({ item, usd_per_month }) => [`of which ${item}`, usd(usd_per_month)] as const)
    : [];
  return [
    ['A month', usd(usd_per_month)],
    ...items,
    ['An hour', usd(usd_per_hour)],
    ['GPU and hour', cost.usd_per_gpu_hour === null ? null : usd(cost.usd_per_gpu_hour)],
    ['A request', usd(unit_costs.usd_per_request)],
    ['1M tokens', usd(unit_costs.usd_per_million_tokens)],
    ['1M input', usd(unit_costs.usd_per_million_input_tokens)],
    ['1M output', usd(unit_costs.usd_per_million_output_tokens)],
    ['Provider', [cost.provider, cost.region].filter(Boolean).join(', ') || null],
    ['Price of', cost.price_as_of],
  ];
}

function Memory({ option: { memory } }: { option: DeploymentOption }) {
  const parts = [
    ['weights', memory.weights_gib_per_gpu],
    ['reserve', memory.reserve_gib_per_gpu],
    ['cache', Math.max(0, memory.kv_pool_gib_per_gpu)],
  ] as const;
  const all = memory.usable_gib_per_gpu || 1;
  let start = 0;
  return (
    <svg class="memory" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="6" />
      {parts.map(([name, gib]) => {
        const place = start;
        start += (gib / all) * 100;
        return <rect key={name} class={name} x={place} width={(gib / all) * 100} height="6" />;
      })}
    </svg>
  );
}

const LIMITS: Record<LimitingResource, string> = {
  compute: 'arithmetic',
  bandwidth: 'memory bandwidth',
  kv: 'room in the KV cache',
  interconnect: 'links between GPUs',
  overhead: 'overhead',
};

function predictedRows({ batch_mean, kv_use_fraction, limiting_resource, measured }: OptionPrediction): Rows {
  return [
    ['Requests at once', `${figure(batch_mean)} a replica`],
    ['KV cache used', percent(kv_use_fraction)],
    ['Limited by', LIMITS[limiting_resource]],
    ['Measured', measured ? plural(measured.measured_rows, 'benchmark') : 'not yet'],
  ];
}

const gib = (value: number): string => `${figure(value)} GiB`;

export function Detail({ option }: { option: DeploymentOption }) {
  const { capacity, memory, engine, evidence, scores, cost } = option;
  const version = [evidence.backend, evidence.backend_version].filter(Boolean).join(' ');
  return (
    <section class="detail" aria-labelledby="why">
      <h3 id="why">Why {option.model_name} on {option.gpu}</h3>
      <ul class="why">
        {option.explanation.map((text) => <li key={text}>{text}</li>)}
      </ul>
      <div class="boxes">
        <Facts title="Cost" rows={costRows(option)} notes={cost.notes} />
        <Facts
          title="Capacity"
          rows={[
            ['Replicas', count(capacity.replicas)],
            ['GPUs each', count(capacity.gpus_per_replica)],
            ['One serves', `${figure(capacity.replica_qps)} req/s`],
            ['All serve', `${figure(capacity.capacity_qps)} req/s`],
            ['Needed', `${figure(capacity.required_qps)} req/s`],
            ['Used at peak', percent(capacity.utilization_at_peak)],
          ]}
        />
        <section class="fact-box" aria-labelledby="facts-memory">
          <h4 id="facts-memory">Memory of a GPU</h4>
          <Memory option={option} />
          <dl class="facts keyed">
            <div><dt class="weights">Weights</dt><dd>{gib(memory.weights_gib_per_gpu)}</dd></div>
            <div><dt class="reserve">Reserve</dt><dd>{gib(memory.reserve_gib_per_gpu)}</dd></div>
            <div><dt class="cache">KV cache</dt><dd>{gib(memory.kv_pool_gib_per_gpu)}</dd></div>
            <div><dt>Usable</dt><dd>{gib(memory.usable_gib_per_gpu)}</dd></div>
            <div><dt>KV tokens</dt><dd>{count(memory.kv_tokens)}</dd></div>
          </dl>
        </section>
        <Facts
          title="Engine"
          rows={[
            ['Runs', version],
            ['Longest request', plural(engine.max_model_len, 'token')],
            ['Batch', plural(engine.max_num_seqs, 'request')],
            ['Batched tokens', count(engine.max_num_batched_tokens)],
            ['Memory share', percent(engine.gpu_memory_utilization)],
            ['Prefix caching', engine.enable_prefix_caching ? 'on' : 'off'],
          ]}
        />
        <Facts
          title="Evidence"
          rows={[
            ['Latencies', evidence.provenance],
            ['At', `${figure(evidence.latency_at_qps)} req/s a replica`],
            ...(option.prediction ? predictedRows(option.prediction) : [
              ['Within targets', `${evidence.benchmarks_within_targets} of ${plural(evidence.benchmarks, 'benchmark')}`],
              ['Date', evidence.as_of ?? 'not known'],
            ] as const),
          ]}
          notes={[evidence.source, ...(cost.price_source ? [`Price: ${cost.price_source}`] : [])]}
        />
        <Facts
          title="Score"
          rows={[
            ['Total', figure(scores.total)],
            ['Latency', figure(scores.latency)],
            ['Cost', figure(scores.cost)],
            ['Quality', score(option.quality)],
          ]}
          notes={['Mean of the three, weighted by what matters.']}
        />
      </div>
    </section>
  );
}
