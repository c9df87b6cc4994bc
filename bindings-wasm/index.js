import { createApi } from './pkg/api.js';
import * as glue from './pkg/sizewell.js';

let started = false;
let starting;

const { api } = createApi(() => {
  if (!started) throw new Error('sizewell is not loaded: await init() first, or call initSync({ module })');
  return glue;
});

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

export const {
  Catalog,
  SizewellError,
  calibrate,
  catalog,
  compare,
  estimate,
  estimateMany,
  intentPrompt,
  maxRate,
  memoryPlan,
  modelFromHuggingfaceConfig,
  parseIntent,
  parseIntentAnswer,
  predict,
  queue,
  recommend,
  renderManifests,
  replicasFor,
  sensitivity,
  specify,
  summarizeTrace,
} = api;
