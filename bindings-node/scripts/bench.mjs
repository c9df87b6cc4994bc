// How long the main job takes through this binding: medians, in milliseconds. Readings a second that a
// collector takes, and ten million requests analysed.
import { performance } from "node:perf_hooks";
import { Collector, analyzeTrace, catalog, recommend, specify } from "../index.mjs";

const begun = performance.now();
catalog();
console.log(`catalog, first call: ${(performance.now() - begun).toFixed(1)} ms`);
for (const use_case of ["chatbot_conversational", "summarization_short", "translation"]) {
  const specification = specify({ use_case, users: 1000 });
  const times = Array.from({ length: 300 }, () => {
    const start = performance.now();
    if (recommend(specification).options.length === 0) throw new Error("no options");
    return performance.now() - start;
  }).sort((left, right) => left - right);
  console.log(`recommend, ${use_case}: ${times[150].toFixed(2)} ms`);
}

const NOON = 1_763_640_000;
function perSecond(what, count, work) {
  const collector = new Collector();
  const start = performance.now();
  work(collector);
  console.log(`${what}: ${((count / (performance.now() - start)) * 1000).toFixed(0)} readings a second`);
}
perSecond("record, one by one", 300_000, (collector) => {
  for (let second = 0; second < 300_000; second += 1) {
    collector.record(NOON + second, { service: "chat", metric: "gpu", usage: 8 + (second % 9), capacity: 16 });
  }
});
const at = Float64Array.from({ length: 3_000_000 }, (_, second) => NOON + second);
perSecond("recordColumns", at.length, (collector) => {
  collector.recordColumns(NOON + at.length, "chat", "gpu", at, at.map((second) => 8 + (second % 9)), 16);
});

const requests = 10_000_000;
const trace = {
  arrival_ms: Float64Array.from({ length: requests }, (_, request) => request * 60),
  input_tokens: Uint32Array.from({ length: requests }, (_, request) => 100 + ((request * 7919) % 3000)),
  output_tokens: Uint32Array.from({ length: requests }, (_, request) => 10 + ((request * 7907) % 800)),
};
const start = performance.now();
if (analyzeTrace({ trace }).requests !== requests) throw new Error("requests were lost");
const seconds = (performance.now() - start) / 1000;
const gigabytes = process.resourceUsage().maxRSS / 1e6;
console.log(`analyzeTrace, ten million requests: ${seconds.toFixed(2)} s, ${gigabytes.toFixed(2)} GB in all`);
