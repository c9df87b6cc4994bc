// From a log to what is shown of it. Logs may be large, so that this runs in a worker of its own
// (worker.ts).

import {
  analyzeRates,
  analyzeTrace,
  detectLog,
  forecast,
  generateTraffic,
  readRates,
  readTrace,
  utcOffsets,
} from 'sizewell-wasm';
import type {
  CsvColumnsInput,
  ErrorReport,
  RateAnalysis,
  RateSeries,
  ReadReport,
  SeriesForecast,
  TraceAnalysis,
  TraceArrays,
  TraceFormat,
  TrafficModelInput,
} from 'sizewell-wasm';

/** What is to be read: a file's contents, or nothing for the example. */
export interface Log {
  name: string;
  text: string | null;
  /** Which columns are what, where a person has said so. */
  columns: CsvColumnsInput | null;
  /** The time zone that hours and days are told in: `Europe/Berlin`. */
  zone: string;
  /** When the example ends, in seconds since the Unix epoch. */
  nowSeconds: number;
}

export interface Traffic {
  name: string;
  format: TraceFormat | null;
  /** Which columns were taken for what, for a CSV whose format is not known. */
  columns: CsvColumnsInput | null;
  report: ReadReport | null;
  /** What its rates are like. */
  rates: Pick<RateAnalysis, 'duration_seconds' | 'mean_qps' | 'windows' | 'calendar' | 'growth'>;
  /** What its requests are like; `null` where only rates are known. */
  requests: TraceAnalysis | null;
  series: RateSeries | null;
  /** Forecast of the series; `null` where that is too short. */
  outlook: SeriesForecast | null;
}

/** The first lines of a CSV whose columns a person is to name. */
export interface Header {
  delimiter: string;
  names: string[];
  /** The cells of the first row. */
  first: string[];
}

export type Answer = { traffic: Traffic } | { refusal: ErrorReport; header: Header | null };

/** Steps that a rate may be shown in, in seconds. */
const STEPS = [10, 60, 300, 900, 3600, 21_600, 86_400];
const MOST_STEPS = 1_500;
const FEWEST_TO_FORECAST = 36;
const LEVEL = 0.8;

/** The beginning of a log, by which its columns are told. */
const BEGINNING = 65_536;

export function traffic(log: Log): Traffic {
  if (log.text === null) return told(log, example(log), null, null, null);
  const isJson = /^\s*[{[]/.test(log.text.slice(0, BEGINNING));
  if (log.columns) {
    const { trace, report } = readTrace({ text: log.text, format: 'csv', columns: log.columns, lenient: true });
    return told(log, trace, 'csv', log.columns, report);
  }
  const { format, columns } = detectLog(isJson ? log.text : log.text.slice(0, BEGINNING));
  if (format === null) return ofRates(log);
  const { trace, report } = readTrace({ text: log.text, format, columns, lenient: true });
  return told(log, trace, format, columns, report);
}

/** What a person may name the columns by, where that was what a log was refused for. */
export function headerOf({ text, columns }: Log, { path }: ErrorReport): Header | null {
  if (!text || !(columns || path.startsWith('columns.'))) return null;
  const [head = '', row = ''] = text.slice(0, BEGINNING).split(/\r?\n/);
  const cells = (delimiter: string) => head.split(delimiter).length;
  const delimiter = [',', ';', '\t', '|'].reduce((best, one) => (cells(one) > cells(best) ? one : best));
  const split = (line: string) => line.split(delimiter).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  return { delimiter, names: split(head.replace(/^\ufeff/, '')), first: split(row) };
}

function told(
  log: Log,
  trace: TraceArrays,
  format: TraceFormat | null,
  columns: CsvColumnsInput | null,
  report: ReadReport | null,
): Traffic {
  const seconds = (trace.arrival_ms.at(-1) ?? 0) / 1000;
  const step = STEPS.find((length) => seconds / length <= MOST_STEPS) ?? 86_400;
  const start = trace.start_seconds ?? 0;
  const options = { utc_offsets: utcOffsets(log.zone, start, start + seconds), series_seconds: step };
  const requests = analyzeTrace({ trace, options });
  const { series } = requests;
  return { name: log.name, format, columns, report, rates: requests, requests, series, outlook: ahead(series) };
}

function ofRates({ name, text, zone }: Log): Traffic {
  const series = together(readRates({ text: text ?? '' }));
  const start = series.start_seconds ?? 0;
  const end = start + series.values.length * series.step_seconds;
  const rates = analyzeRates({ series, utc_offsets: utcOffsets(zone, start, end) });
  const nothing = { format: null, columns: null, report: null, requests: null };
  return { name, ...nothing, rates, series, outlook: ahead(series) };
}

/** The sum of series, where any of them is known. */
function together(all: readonly RateSeries[]): RateSeries {
  const starts = all.map(({ start_seconds: start }) => start ?? 0);
  const step = Math.min(...all.map(({ step_seconds: length }) => length));
  const start = Math.min(...starts);
  const values: (number | null)[] = [];
  all.forEach((series, index) => {
    const first = Math.round(((starts[index] ?? start) - start) / step);
    series.values.forEach((value, place) => {
      const at = first + place * Math.round(series.step_seconds / step);
      while (values.length <= at) values.push(null);
      if (value !== null) values[at] = (values[at] ?? 0) + value;
    });
  });
  return { labels: {}, start_seconds: start, step_seconds: step, values };
}

function ahead(series: RateSeries | null): SeriesForecast | null {
  if (!series || series.values.length < FEWEST_TO_FORECAST) return null;
  const horizon = Math.round(series.values.length / 3);
  return forecast(series.values, {
    horizon,
    levels: [LEVEL],
    start_seconds: series.start_seconds ?? 0,
    step_seconds: series.step_seconds,
    non_negative: true,
  }).toJSON();
}

const HOURS = 24;
const DAYS = 7;
const EXAMPLE_SECONDS = 21 * 86_400;

/** Traffic of an imagined help desk: office hours, quiet weekends, bursts. */
function example({ zone, nowSeconds }: Log): TraceArrays {
  const rhythm = Array.from({ length: HOURS * DAYS }, (_, hour) => {
    const awake = Math.exp(-(((hour % HOURS) - 14) ** 2) / 30);
    return (0.1 + awake) * (hour >= 5 * HOURS ? 0.35 : 1);
  });
  const mean = rhythm.reduce((sum, rate) => sum + rate, 0) / rhythm.length;
  const model: TrafficModelInput = {
    mean_qps: 0.05,
    hour_of_week: rhythm.map((rate) => rate / mean),
    rhythm: 'hour_of_week',
    utc_offsets: utcOffsets(zone, nowSeconds - EXAMPLE_SECONDS, nowSeconds),
    fluctuations: [{ seconds: 300, variance: 0.15 }],
    classes: [
      {
        weight: 3,
        input: { kind: 'lognormal', mean_tokens: 420, cv: 0.9 },
        output: { kind: 'lognormal', mean_tokens: 210, cv: 0.6 },
      },
      {
        weight: 1,
        input: { kind: 'lognormal', mean_tokens: 2_600, cv: 0.7 },
        output: { kind: 'lognormal', mean_tokens: 340, cv: 0.5 },
      },
    ],
  };
  const start = Math.floor(nowSeconds / 3600) * 3600 - EXAMPLE_SECONDS;
  return generateTraffic({ model, seed: 1, duration_seconds: EXAMPLE_SECONDS, start_seconds: start });
}
