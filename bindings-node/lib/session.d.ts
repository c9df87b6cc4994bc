// What is kept and come back to: collectors of readings, and analyses of traces in batches.

import type {
  CapacityAlert,
  CapacityReport,
  CollectorOptions,
  CollectorOptionsInput,
  CollectorState,
  CollectorStateInput,
  DashboardOptionsInput,
  ForecastQueryInput,
  Metric,
  Overview,
  ReadingInput,
  ResourceDetails,
  ResourceForecast,
  SeriesInput,
  ServiceRecommendation,
  ServiceStatus,
  ThresholdRuleInput,
  TraceAnalysis,
  TraceOptionsInput,
  Trend,
  TrendOptionsInput,
} from '../types.js';
import type { Column, SizewellError, TraceColumns } from './api.js';

/**
 * Readings of the resources of services, with retention, their levels, trends, forecasts and reports.
 *
 * Times are seconds since the Unix epoch; the present, `now`, is always given, and no reading may be
 * after it. Every method throws a {@link SizewellError} for what it refuses.
 */
export class Collector {
  /** A collector without readings. */
  constructor(options?: CollectorOptionsInput | null);
  /** The collector that {@link Collector.save} gave the state of. */
  static load(state: CollectorStateInput): Collector;
  /** Names of the services, in order. */
  readonly services: string[];
  /** How it works. */
  readonly options: CollectorOptions;
  /** Takes in a reading: `record(now, { service: 'chat', metric: 'gpu', usage: 13, capacity: 16 })`. */
  record(now: number, reading: ReadingInput): void;
  /**
   * Takes in readings of one metric, all of them or none.
   *
   * @param capacity one for all, one for each, or that of before
   */
  recordColumns(
    now: number,
    service: string,
    metric: Metric,
    atSeconds: Column,
    usage: Column,
    capacity?: number | Column | null,
  ): void;
  /** Sets thresholds of a metric, of all services or of one. */
  setThresholds(rule: ThresholdRuleInput): void;
  /** Forgets a service; says whether it was known. */
  remove(service: string): boolean;
  /** How a service stands. */
  status(service: string, now: number): ServiceStatus;
  /** What is over a threshold for long enough, most severe first. */
  alerts(now: number): CapacityAlert[];
  /** All services at a glance. */
  overview(now: number): Overview;
  /** Where a metric has gone over the last `windowSeconds`. */
  trend(
    service: string,
    metric: Metric,
    now: number,
    windowSeconds: number,
    options?: TrendOptionsInput | null,
  ): Trend;
  /** One resource: its status, chart, trend, forecast and advice. */
  details(service: string, metric: Metric, now: number, options?: DashboardOptionsInput | null): ResourceDetails;
  /** Every resource in detail, by service. */
  allDetails(now: number, options?: DashboardOptionsInput | null): ResourceDetails[];
  /** What should be done, most urgent first. */
  recommendations(now: number, options?: DashboardOptionsInput | null): ServiceRecommendation[];
  /** Where a resource will be, and when it crosses thresholds. */
  forecast(service: string, metric: Metric, query?: ForecastQueryInput | null): ResourceForecast;
  /** A metric's readings as a regular series of means: what thresholds are held against. */
  series(service: string, metric: Metric, stepSeconds?: number | null): SeriesInput;
  /** The content of a report, for {@link renderReport}. */
  report(now: number, options?: DashboardOptionsInput | null): CapacityReport;
  /** Everything that is known, to be kept and loaded. */
  save(): CollectorState;
  /** As {@link Collector.save}. */
  toJSON(): CollectorState;
}

/**
 * The character of traffic in one pass over batches, for more requests than fit into memory.
 *
 * Every method throws a {@link SizewellError} for what it refuses.
 */
export class TraceAnalyzer {
  /** An analysis that has seen nothing yet. */
  constructor(options?: TraceOptionsInput | null);
  /** Requests taken in. */
  readonly requests: number;
  /**
   * Takes in a batch that comes after those before it. Its times count from its own `start_seconds`
   * where it has one, else from the start of the analysis.
   */
  add(trace: TraceColumns): void;
  /** The character of what was taken in, as {@link analyzeTrace} gives it; more may follow. */
  analysis(): TraceAnalysis;
}
