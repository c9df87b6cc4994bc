'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');

const { createApi } = require('./lib/api.js');
const { FUNCTIONS, LONG } = require('./lib/functions.js');

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
const { asked, handle, translated, writeAll } = tools;

async function later(request) {
  try {
    return JSON.parse(await native.callAsync(...request()));
  } catch (thrown) {
    throw translated(thrown);
  }
}

module.exports = {
  ...api,
  ...Object.fromEntries(LONG.map((name) => [`${name}Async`, (...given) => later(() => asked(name, given))])),
  healthAsync: (asOf, catalog) =>
    later(() => ['catalog_health', writeAll(['as_of'], [asOf]), handle(catalog)]),
};
