'use strict';

// Traces: columns that are typed arrays go to the native half and come back without a detour through
// text, whatever is a list goes as text.

const { MAX_LENGTH, asking, floats, isTypedArray, reading, refusal, write } = require('./values.js');

const STATUSES = ['completed', 'failed', 'cancelled'];
const LONE_SURROGATE = /\p{Surrogate}/u;
/** The columns that stand in an object of their own. */
const NESTED = ['model', 'tenant', 'prefix'];

const isObject = (value) => Object.prototype.toString.call(value) === '[object Object]';

/** Whether it is a list that is not too long; one that is stays, to be refused. */
const isList = (column) => Array.isArray(column) && column.length <= MAX_LENGTH;

/** Puts a typed array into the columns and gives what stands for it; anything else as it is. */
function put(columns, path, column) {
  if (!isTypedArray(column)) return column;
  if (column instanceof BigInt64Array || column instanceof BigUint64Array) return Array.from(column);
  if (column instanceof Uint32Array) columns.putCounts(path, column);
  else columns.putFloats(path, floats(column, path));
  return [];
}

/** Codes of how requests ended; a list with another word stays, to be refused with its place. */
function statusCodes(columns, column) {
  if (!isList(column) || column.length === 0) return put(columns, 'status', column);
  const codes = Uint32Array.from(column, (word) => STATUSES.indexOf(word));
  return codes.every((code) => code < STATUSES.length) ? put(columns, 'status', codes) : column;
}

/** Names once each, and which of them each request has. */
function labelled(column) {
  if (!isList(column) || !column.every((name) => typeof name === 'string')) return column;
  const known = new Map();
  const code = (name) => known.get(name) ?? known.set(name, known.size).size - 1;
  const index = Uint32Array.from(column, code);
  return { names: [...known.keys()], index };
}

/** A trace without its typed arrays, which go into the columns. */
function apart(columns, trace) {
  if (!isObject(trace)) return trace;
  const rest = {};
  for (const [name, given] of Object.entries(trace)) {
    if (name === 'status') {
      rest[name] = statusCodes(columns, given);
    } else if (NESTED.includes(name)) {
      const inner = name === 'prefix' ? given : labelled(given);
      const parts = isObject(inner) ? Object.entries(inner) : null;
      rest[name] = parts
        ? Object.fromEntries(parts.map(([part, column]) => [part, put(columns, `${name}.${part}`, column)]))
        : inner;
    } else {
      rest[name] = put(columns, name, given);
    }
  }
  return rest;
}

/** Writes itself as lists. */
function withJson(answer, paths) {
  const toJSON = () => {
    const plain = { ...answer };
    for (const path of paths) {
      const [field, part] = path.split('.');
      if (part) plain[field] = { ...plain[field], [part]: Array.from(answer[field][part]) };
      else plain[field] = Array.from(answer[field]);
    }
    return plain;
  };
  return Object.defineProperty(answer, 'toJSON', { value: toJSON });
}

/** A trace with its columns, which have the prefix before their paths. */
function together(columns, trace, prefix) {
  const [ofFloats, ofCounts] = [columns.floatPaths(), columns.countPaths()];
  const place = (path, column) => {
    const [field, part] = path.slice(prefix.length).split('.');
    if (part) trace[field][part] = column;
    else trace[field] = column;
  };
  for (const path of ofFloats) place(path, columns.takeFloats(path));
  for (const path of ofCounts) place(path, columns.takeCounts(path));
  trace.status = Array.from(trace.status, (code) => STATUSES[code]);
  const isArray = (path) => path !== `${prefix}status`;
  return withJson(trace, [...ofFloats, ...ofCounts].filter(isArray).map((path) => path.slice(prefix.length)));
}

/**
 * The functions whose argument or answer holds a trace.
 *
 * @param native returns the native half
 */
function createTraces(native) {
  /** Does what needs columns, and lets go of them. */
  function withColumns(work) {
    return asking(() => {
      const columns = new (native().Columns)();
      try {
        return work(columns);
      } finally {
        columns.free?.();
      }
    });
  }

  /** A request, with the trace in it taken apart. */
  function requested(columns, request) {
    return isObject(request) && 'trace' in request
      ? { ...request, trace: apart(columns, request.trace) }
      : request;
  }

  const ask = (columns, name, argument, path) => JSON.parse(columns.call(name, write(argument, path)));
  const asked = (name) => (request) =>
    withColumns((columns) => ask(columns, name, reading('request', () => requested(columns, request)), 'request'));

  return {
    apart,
    withColumns,
    functions: {
      summarizeTrace: (trace) =>
        withColumns((columns) =>
          ask(columns, 'summarize_trace', reading('trace', () => apart(columns, trace)), 'trace'),
        ),
      analyzeTrace: asked('analyze_trace'),
      fitTraffic: asked('fit_traffic'),
      generateTraffic: (request) =>
        withColumns((columns) => together(columns, ask(columns, 'generate_traffic', request, 'request'), '')),
      readTrace: (request) =>
        withColumns((columns) => {
          let rest = request;
          if (isObject(request) && typeof request.text === 'string') {
            const { text, ...others } = request;
            if (LONE_SURROGATE.test(text)) {
              throw refusal('invalid_value', 'text', 'is no text', { allowed: 'text without half surrogate pairs' });
            }
            columns.putText('text', text);
            rest = others;
          }
          const answer = ask(columns, 'read_trace', rest, 'request');
          together(columns, answer.trace, 'trace.');
          return answer;
        }),
    },
  };
}

module.exports = { createTraces };
