// Traces as columns.

import type { AnalyzeTraceRequestInput, FitTrafficRequestInput, ReadReport, RequestStatus, Trace } from '../types.js';
import type { Column } from './api.js';

/** A column of names: each name once and which of them each request has, or the names themselves. */
export type LabelColumn = readonly string[] | { names?: readonly string[]; index?: Column };

/**
 * Requests in order of arrival, as columns of equal length; those that a log does not have are left
 * out. Typed arrays cross to the native half without a detour, `Float64Array` and `Uint32Array` fastest.
 */
export interface TraceColumns {
  /** Arrival of each request in milliseconds since the trace's start, ascending. */
  arrival_ms: Column;
  /** Tokens of each prompt. */
  input_tokens: Column;
  /** Tokens of each answer. */
  output_tokens: Column;
  /** The trace's start in seconds since the Unix epoch. */
  start_seconds?: number | null;
  /** Time from arrival to the last token of each request, in milliseconds; 0 where not known. */
  latency_ms?: Column;
  /** Tokens of each prompt that were found in a prefix cache. */
  cached_tokens?: Column;
  /** How each request ended. */
  status?: readonly RequestStatus[];
  /** The conversation that each request belongs to, numbered from 0 in any order. */
  session?: Column;
  /** The model that each request asked for. */
  model?: LabelColumn;
  /** Who sent each request. */
  tenant?: LabelColumn;
  /** What each prompt begins with, as blocks that stand for whole prefixes. */
  prefix?: { block_tokens?: number; lengths?: Column; blocks?: Column };
}

/** A trace whose columns are typed arrays; columns that there are not are empty. */
export interface TraceArrays {
  arrival_ms: Float64Array;
  input_tokens: Uint32Array;
  output_tokens: Uint32Array;
  start_seconds: number | null;
  latency_ms: Float64Array;
  cached_tokens: Uint32Array;
  status: RequestStatus[];
  session: Uint32Array;
  model: { names: string[]; index: Uint32Array };
  tenant: { names: string[]; index: Uint32Array };
  prefix: { block_tokens: number; lengths: Uint32Array; blocks: Uint32Array };
  /** The same with lists. */
  toJSON(): Trace;
}

/** What {@link analyzeTrace} is asked; the trace's columns may be typed arrays. */
export type AnalyzeColumnsRequest = Omit<AnalyzeTraceRequestInput, 'trace'> & { trace: TraceColumns };

/** What {@link fitTraffic} is asked; the trace's columns may be typed arrays. */
export type FitColumnsRequest = Omit<FitTrafficRequestInput, 'trace'> & { trace: TraceColumns };

/** What was read, and what became of the rows. */
export interface ReadTraceArrays {
  trace: TraceArrays;
  report: ReadReport;
}
