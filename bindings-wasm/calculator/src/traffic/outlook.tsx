// Traffic against the option that is looked at: how many replicas when, and until when it lasts.

import { useMemo } from 'preact/hooks';
import { capacityRunway, planFromTraffic } from 'sizewell-wasm';
import type { CapacityRunway, Crossing, DeploymentOption, ErrorReport, TrafficPlan } from 'sizewell-wasm';
import { count, figure, percent, plural, span } from '../format';
import { reportOf } from '../plan';
import { planned } from './planned';
import type { Traffic } from './reading';

/** Shorter logs say nothing of months. */
const FEWEST_DAYS = 3;
/** What the option was planned up to. */
const UTILIZATION = 1;

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const dated = ({ time_seconds }: Crossing) => day.format(time_seconds * 1000);

function answered<Result>(work: () => Result): Result | ErrorReport {
  try {
    return work();
  } catch (thrown) {
    return reportOf(thrown);
  }
}

const isRefused = (answer: object): answer is ErrorReport => 'code' in answer;

function Scaling({ plan }: { plan: TrafficPlan }) {
  const { scaling, purchase } = plan;
  return (
    <>
      <dl class="figures">
        <div><dt>Autoscaler</dt><dd>{count(scaling.min_replicas)} to {plural(scaling.max_replicas, 'replica')}</dd></div>
        <div>
          <dt>Add, remove</dt>
          <dd>above {count(scaling.scale_up_percent)}%, below {count(scaling.scale_down_percent)}% of capacity</dd>
        </div>
        <div><dt>Reserve</dt><dd>{plural(purchase.reserved_replicas, 'replica')}</dd></div>
        <div><dt>Spot or on demand</dt><dd>{plural(purchase.spot_replicas, 'replica')}</dd></div>
      </dl>
      <ul class="plain-list">
        {plan.recommendations.map((text) => <li key={text}>{text}</li>)}
      </ul>
    </>
  );
}

/** The interval on a date; nothing where both ends are that day. */
function between(date: string, { level, earliest, latest }: CapacityRunway['first_passage']): string {
  if (!earliest) return '';
  const [first, last] = [dated(earliest), latest ? dated(latest) : 'later'];
  if (first === date && last === date) return '';
  const interval = first === last ? `on ${first}` : `between ${first} and ${last}`;
  return `, with ${percent(level)} ${interval}`;
}

function Runway({ runway, known }: { runway: CapacityRunway; known: boolean }) {
  const { mean_crossing: mean, first_passage: first } = runway;
  return (
    <>
      <p>{runway.recommendation}</p>
      {known && mean && (
        <p class="quiet">
          The mean forecast reaches the capacity on {dated(mean)}{between(dated(mean), first)}.
        </p>
      )}
    </>
  );
}

export function Outlook({ traffic, option }: { traffic: Traffic; option: DeploymentOption }) {
  const { series } = traffic;
  const { calendar, duration_seconds: seconds } = traffic.rates;
  const { capacity } = option;
  const rates = planned(traffic);
  const days = seconds / 86_400;
  const plan = useMemo(
    () => rates && answered(() => planFromTraffic({
      rates,
      calendar,
      replica_qps: capacity.replica_qps,
      gpus_per_replica: capacity.gpus_per_replica,
    })),
    [traffic, capacity],
  );
  const runway = useMemo(
    () => (series && days >= FEWEST_DAYS
      ? answered(() => capacityRunway({
          series: {
            values: series.values,
            start_seconds: series.start_seconds ?? 0,
            step_seconds: series.step_seconds,
            non_negative: true,
          },
          capacity: capacity.capacity_qps,
          utilization: UTILIZATION,
        }))
      : null),
    [traffic, capacity],
  );
  return (
    <section class="outlook" aria-labelledby="outlook">
      <h3 id="outlook">
        This traffic on {option.model_name}, {plural(capacity.replicas, 'replica')}, up to {figure(capacity.capacity_qps)} req/s
      </h3>
      <div class="columns">
        <div>
          <h4>Replicas over the day</h4>
          {plan && (isRefused(plan) ? <p>{plan.message}</p> : <Scaling plan={plan} />)}
        </div>
        <div>
          <h4>How long it lasts</h4>
          {runway === null && <p class="quiet">The log covers {span(seconds)}; {FEWEST_DAYS} days say until when the capacity lasts.</p>}
          {runway && (isRefused(runway) ? <p>{runway.message}</p> : <Runway runway={runway} known={series?.start_seconds != null} />)}
        </div>
      </div>
    </section>
  );
}
