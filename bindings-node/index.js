'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const { createApi } = require('./lib/api.js');
const { forecastTable, packedSeries } = require('./lib/forecast.js');
const { FUNCTIONS, LONG } = require('./lib/functions.js');
const { reading, translated } = require('./lib/values.js');

/** Loads the binary for this machine. */
function load() {
  const { platform, arch } = process;
  // Of glibc and musl, one loads and the other does not; a package may hold both.
  const variants = platform === 'linux' ? ['-gnu', '-musl'] : [''];
  let cause;
  for (const variant of variants) {
    const file = join(__dirname, `sizewell.${platform}-${arch}${variant}.node`);
    if (!existsSync(file)) continue;
    try {
      return require(file);
    } catch (error) {
      cause = error;
    }
  }
  const help = 'use a package that was built for it, or build one from source with `npm run build`';
  throw new Error(`sizewell has no binary that loads on ${platform}-${arch}: ${help}`, { cause });
}

const native = load();
const { api, tools } = createApi(() => native, FUNCTIONS);
const { asked, handle, writeAll } = tools;

async function awaited(work) {
  try {
    return await work();
  } catch (thrown) {
    throw translated(thrown);
  }
}

const later = (request) => awaited(async () => JSON.parse(await native.callAsync(...request())));

module.exports = {
  ...api,
  ...Object.fromEntries(LONG.map((name) => [`${name}Async`, (...given) => later(() => asked(name, given))])),
  forecastManyAsync: (...given) =>
    awaited(async () => {
      const columns = reading('series', () => packedSeries(...given));
      return forecastTable(await native.forecastManyAsync(...columns));
    }),
  healthAsync: (asOf, catalog) =>
    later(() => ['catalog_health', writeAll(['as_of'], [asOf]), handle(catalog)]),
};
