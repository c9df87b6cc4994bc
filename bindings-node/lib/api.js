'use strict';

// The package's functions over its native half: objects to JSON text and back, refusals to
// SizewellError. The WebAssembly package is made of these same files.

const { createForecasts } = require('./forecast.js');
const { createSessions } = require('./session.js');
const { createTraces } = require('./traces.js');
const { SizewellError, asking, call, check, isTypedArray, joined, reading, refusal, write, wrongType } = require('./values.js');

const LISTS = ['models', 'gpus', 'prices', 'instances', 'quality', 'benchmarks'];

function frozen(value) {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/** A day as text; that of a Date is its day in UTC. */
function day(asOf) {
  if (Object.prototype.toString.call(asOf) !== '[object Date]') return asOf;
  const time = Number(asOf);
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString().split('T')[0];
}

/** A series as a list, null where missing. */
const plainSeries = (values) =>
  isTypedArray(values) ? Array.from(values, (value) => (Number.isNaN(value) ? null : value)) : values;

/** What arguments are before they are written, where that is not what was given. */
const READERS = { as_of: day, times: plainSeries, values: plainSeries };

/** Arguments as the JSON of their list. */
function writeAll(names, given) {
  const texts = names.map((name, place) => {
    const reader = READERS[name];
    return write(reader ? reading(name, () => reader(given[place])) : given[place], name);
  });
  return `[${texts.join(',')}]`;
}

/**
 * Columns as the native half takes them: a header that says where each is, numbers (NaN where none
 * is given) and codes of a few values (-1).
 */
function packed(columns) {
  const kind = Object.prototype.toString.call(columns).slice(8, -1);
  if (kind !== 'Object') throw wrongType('columns', kind);
  const header = {};
  const parts = { numbers: [], codes: [] };
  const ends = { numbers: 0, codes: 0 };
  const place = (name, part, list, ...rest) => {
    header[name] = { [part]: [ends[part], list.length, ...rest] };
    parts[part].push(list);
    ends[part] += list.length;
  };
  let isTyped = false;
  for (const [name, column] of Object.entries(columns)) {
    const numbers = isTypedArray(column) && !(column instanceof BigInt64Array || column instanceof BigUint64Array);
    if (!numbers) check(column, name, [columns]);
    isTyped ||= numbers;
    if (numbers) {
      place(name, 'numbers', column);
    } else if (!Array.isArray(column)) {
      header[name] = { one: column ?? null };
    } else if (column.every((cell) => cell == null || typeof cell === 'number')) {
      place(name, 'numbers', column.map((cell) => cell ?? NaN));
    } else {
      const known = new Map();
      const code = (cell) => known.get(cell) ?? known.set(cell, known.size).size - 1;
      const codes = column.map((cell) => (cell == null ? -1 : code(cell)));
      place(name, 'codes', codes, [...known.keys()]);
    }
  }
  const arrays = [joined(Float64Array, parts.numbers), joined(Int32Array, parts.codes)];
  return { header: JSON.stringify(header), arrays, isTyped };
}

/** What the native half answers to packed columns, as a table. */
function unpacked(answers, isTyped) {
  const { numbers, provenance, limitingResource } = answers;
  const labels = JSON.parse(answers.labels);
  answers.free?.();
  const rows = provenance.length;
  const reason = new Array(rows).fill(null);
  for (const [row, text] of labels.reasons) reason[row] = text;
  const table = {
    reason,
    provenance: Array.from(provenance, (code) => labels.provenance[code]),
    limiting_resource: Array.from(limitingResource, (code) => labels.limiting_resource[code] ?? null),
  };
  labels.numbers.forEach((name, place) => {
    const column = numbers.subarray(place * rows, (place + 1) * rows);
    table[name] = isTyped ? column : Array.from(column, (number) => (Number.isNaN(number) ? null : number));
  });
  return table;
}

const DAY_SECONDS = 86_400;

/** Whole seconds since the epoch. */
function wholeSeconds(time, path) {
  const seconds = Object.prototype.toString.call(time) === '[object Date]' ? Number(time) / 1000 : time;
  if (typeof seconds !== 'number' || !(Math.abs(seconds) <= 8.64e12)) {
    throw refusal('invalid_value', path, 'is no time', { allowed: 'a Date or seconds since 1970' });
  }
  return Math.floor(seconds);
}

/** What a zone's clock shows less UTC at a time, in seconds, by a function of the time. */
function clockOf(zone) {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' };
  const options = { ...numeric, second: 'numeric', timeZone: zone, hourCycle: 'h23', calendar: 'gregory' };
  let format;
  try {
    format = new Intl.DateTimeFormat('en-US', options);
  } catch (cause) {
    const detail = { given: String(zone), allowed: 'a name such as Europe/Berlin', cause };
    throw refusal('unknown_name', 'zone', 'no such time zone', detail);
  }
  return (seconds) => {
    const parts = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
  };
}

/** The offsets of a zone and when they change: no zone changes its clock twice a day. */
function utcOffsets(zone, start, end) {
  const [first, last] = [wholeSeconds(start, 'start'), wholeSeconds(end, 'end')];
  if (!(last >= first && last <= first + 200 * 366 * DAY_SECONDS)) {
    throw refusal('invalid_value', 'end', 'is not an allowed value', { allowed: 'up to 200 years after start' });
  }
  const offsetAt = clockOf(zone);
  let offset = offsetAt(first);
  const offsets = [{ from_seconds: first, offset_seconds: offset }];
  for (let at = first; at < last; at += DAY_SECONDS) {
    let [low, high] = [at, Math.min(at + DAY_SECONDS, last)];
    const later = offsetAt(high);
    if (later === offset) continue;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    offsets.push({ from_seconds: high, offset_seconds: later });
    offset = later;
  }
  return offsets;
}

/**
 * The public functions over a native half, and the tools to make more of them.
 *
 * @param native returns the native half; called at each use, so that it may be loaded late
 * @param functions the functions by name, with their arguments
 */
function createApi(native, functions) {
  // The native catalog of each Catalog, with those of its lists that were asked for.
  const inner = new WeakMap();
  let embedded;
  let empty;

  function wrap(make) {
    const wrapped = Object.create(Catalog.prototype);
    inner.set(wrapped, { native: asking(make), lists: {} });
    return wrapped;
  }

  function parts(wrapped) {
    const found = inner.get(wrapped);
    if (found) return found;
    throw refusal('invalid_type', 'catalog', 'has the wrong type', { given: typeof wrapped, allowed: 'a Catalog' });
  }

  function list(wrapped, name) {
    const { native: rows, lists } = parts(wrapped);
    return (lists[name] ??= frozen(call(() => rows.list(name))));
  }

  function catalog() {
    return (embedded ??= wrap(() => native().Catalog.embedded()));
  }

  /** The native half of a catalog, by default of the curated one. */
  function handle(given) {
    return parts(given ?? catalog()).native;
  }

  /** A public function by its name in the core, as the native half is asked: text and handle. */
  function asked(name, given) {
    const names = functions[name].filter((argument) => argument !== 'catalog');
    const json = writeAll(names, given);
    const rows = names.length < functions[name].length ? handle(given[names.length]) : nothing();
    return [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), json, rows];
  }

  /** The handle for functions that look into no catalog, which need not wait for the curated one. */
  function nothing() {
    return (empty ??= native().Catalog.fromData('{}'));
  }

  function ofCatalog(wrapped, name, argument, given) {
    return call(() => native().call(name, writeAll([argument], [given]), parts(wrapped).native));
  }

  class Catalog {
    constructor() {
      throw new TypeError('a Catalog is made by catalog() or Catalog.fromData(data)');
    }

    static fromData(data) {
      return wrap(() => native().Catalog.fromData(write(data, 'data')));
    }

    model(name) {
      return ofCatalog(this, 'catalog_model', 'model', name);
    }

    gpu(name) {
      return ofCatalog(this, 'catalog_gpu', 'gpu', name);
    }

    health(asOf) {
      return ofCatalog(this, 'catalog_health', 'as_of', asOf);
    }

    withRows(rows) {
      return wrap(() => parts(this).native.withRows(write(rows, 'rows')));
    }

    withBenchmarks(records) {
      return wrap(() => parts(this).native.withBenchmarks(write(records, 'benchmarks')));
    }
  }

  for (const name of LISTS) {
    Object.defineProperty(Catalog.prototype, name, {
      get() {
        return list(this, name);
      },
    });
  }

  const traces = createTraces(native);
  const stateful = { ...createForecasts(native), ...createSessions(native, traces) };
  const api = { SizewellError, Catalog, catalog, utcOffsets, ...stateful };
  for (const name of Object.keys(functions)) {
    api[name] = (...given) => call(() => native().call(...asked(name, given)));
  }
  Object.assign(api, traces.functions, {
    estimateMany: (columns, rows) =>
      asking(() => {
        const { header, arrays, isTyped } = reading('columns', () => packed(columns));
        return unpacked(native().estimateMany(header, ...arrays, handle(rows)), isTyped);
      }),
  });
  return { api, tools: { asked, handle, writeAll } };
}

module.exports = { createApi };
