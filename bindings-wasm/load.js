// Loads the module; what it answers is in index.js.

import { FUNCTIONS } from './functions.js';
import { createApi } from './pkg/api.js';
import * as glue from './pkg/sizewell.js';

let started = false;
let starting;

export const { api } = createApi(() => {
  if (!started) throw new Error('sizewell is not loaded: await init() first, or call initSync({ module })');
  return glue;
}, FUNCTIONS);

export default function init(input) {
  starting ??= glue.default(input === undefined ? undefined : { module_or_path: input }).then(
    () => {
      started = true;
    },
    (error) => {
      // A load that failed, for lack of a network perhaps, may be tried again.
      starting = undefined;
      throw error;
    },
  );
  return starting;
}

export function initSync(input) {
  if (started) return;
  glue.initSync({ module: input });
  started = true;
}
