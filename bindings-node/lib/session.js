'use strict';

// What is kept and come back to: the collector of a service's readings, and the analysis of a trace
// that comes in batches.

const { asking, call, floats, reading, write } = require('./values.js');

/** What a collector is asked or told, with the names of the arguments. */
const COLLECTOR = {
  record: ['now_seconds', 'reading'],
  setThresholds: ['rule'],
  remove: ['service'],
  status: ['service', 'now_seconds'],
  alerts: ['now_seconds'],
  overview: ['now_seconds'],
  trend: ['service', 'metric', 'now_seconds', 'window_seconds', 'options'],
  details: ['service', 'metric', 'now_seconds', 'options'],
  allDetails: ['now_seconds', 'options'],
  recommendations: ['now_seconds', 'options'],
  forecast: ['service', 'metric', 'query'],
  series: ['service', 'metric', 'step_seconds'],
  report: ['now_seconds', 'options'],
};

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Arguments as the JSON of their list. */
const listed = (names, given) => `[${names.map((name, place) => write(given[place], name)).join(',')}]`;

/**
 * The classes.
 *
 * @param native returns the native half
 * @param traces what traces cross with
 */
function createSessions(native, { apart, withColumns }) {
  // The native half of each.
  const inner = new WeakMap();

  function open(wrapped, name, options) {
    inner.set(wrapped, asking(() => native().Session.of(name, write(options, 'options'))));
  }

  class Collector {
    constructor(options) {
      open(this, 'Collector', options);
    }

    static load(state) {
      const collector = new Collector();
      call(() => inner.get(collector).call('load', listed(['state'], [state])));
      return collector;
    }

    get services() {
      return call(() => inner.get(this).call('services', '[]'));
    }

    get options() {
      return call(() => inner.get(this).call('options', '[]'));
    }

    recordColumns(now, service, metric, atSeconds, usage, capacity) {
      withColumns((columns) => {
        const put = (name, column) => columns.putFloats(name, reading(name, () => floats(column, name)));
        put('at_seconds', atSeconds);
        put('usage', usage);
        const isOne = capacity == null || typeof capacity === 'number';
        if (!isOne) put('capacity', capacity);
        const one = isOne ? capacity : null;
        const names = ['now_seconds', 'service', 'metric', 'at_seconds', 'usage', 'capacity'];
        const given = [now, service, metric, null, null, one];
        inner.get(this).callWith('record_columns', listed(names, given), columns);
      });
    }

    save() {
      return call(() => inner.get(this).call('save', '[]'));
    }

    toJSON() {
      return this.save();
    }
  }

  for (const [name, names] of Object.entries(COLLECTOR)) {
    Object.defineProperty(Collector.prototype, name, {
      configurable: true,
      writable: true,
      value(...given) {
        const answer = call(() => inner.get(this).call(snake(name), listed(names, given)));
        return answer ?? undefined;
      },
    });
  }

  class TraceAnalyzer {
    constructor(options) {
      open(this, 'TraceAnalyzer', options);
    }

    get requests() {
      return call(() => inner.get(this).call('requests', '[]'));
    }

    add(trace) {
      withColumns((columns) => {
        const rest = reading('trace', () => apart(columns, trace));
        inner.get(this).callWith('add', listed(['trace'], [rest]), columns);
      });
    }

    analysis() {
      return call(() => inner.get(this).call('analysis', '[]'));
    }
  }

  return { Collector, TraceAnalyzer };
}

module.exports = { createSessions };
