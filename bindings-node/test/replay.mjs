// Replays golden cases through an API of sizewell's. Runs in Node, in a page and in a worker.

const TOLERANCE = 1e-12;

const CALLS = {
  parse_intent: (api, [text]) => api.parseIntent(text),
  intent_prompt: (api, [text]) => api.intentPrompt(text),
  parse_intent_answer: (api, [answer]) => api.parseIntentAnswer(answer),
  specify: (api, [intent]) => api.specify(intent),
  recommend: (api, [specification, records]) => api.recommend(specification, layered(api, records)),
  compare: (api, [scenarios, records]) => api.compare(scenarios, layered(api, records)),
  render_manifests: (api, [option, settings]) => api.renderManifests(option, settings),
  summarize_trace: (api, [trace]) => api.summarizeTrace(trace),
  estimate: (api, [request]) => api.estimate(request),
  estimate_many: (api, [columns]) => api.estimateMany(columns),
  memory_plan: (api, [request]) => api.memoryPlan(request),
  catalog_health: (api, [asOf]) => api.catalog().health(asOf),
  catalog_model: (api, [name]) => api.catalog().model(name),
  catalog_gpu: (api, [name]) => api.catalog().gpu(name),
};

function layered(api, records) {
  return records == null ? undefined : api.catalog().withBenchmarks(records);
}

/** What differs between a golden case and this API's answer to it; empty when nothing does. */
export function replay(api, { function: name, arguments: given, result, error }) {
  const call = CALLS[name];
  if (!call) return [`the function ${name} is not known to this test`];
  try {
    const answer = call(api, given);
    if (error) return [`gives an answer in place of the error ${error.code} at ${error.path}`];
    return differences(result, answer, 'result');
  } catch (thrown) {
    if (!(thrown instanceof api.SizewellError)) return [`throws ${thrown?.stack ?? thrown}`];
    if (!error) return [`throws ${thrown.message}`];
    const found = differences(error, thrown.toJSON(), 'error');
    for (const [field, value] of Object.entries(error)) {
      if (field !== 'message') found.push(...differences(value, thrown[field], `error.${field}`));
    }
    if (!thrown.message.includes(error.message)) found.push(`error.message lacks "${error.message}"`);
    return found;
  }
}

function differences(expected, actual, path) {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const isClose = Math.abs(expected - actual) <= TOLERANCE * Math.max(Math.abs(expected), Math.abs(actual));
    return isClose ? [] : [`${path}: ${expected} expected, ${actual} given`];
  }
  const isParted = (value) => typeof value === 'object' && value !== null;
  if (isParted(expected) && isParted(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].flatMap((key) => differences(expected[key], actual[key], `${path}.${key}`));
  }
  return expected === actual ? [] : [`${path}: ${JSON.stringify(expected)} expected, ${JSON.stringify(actual)} given`];
}
