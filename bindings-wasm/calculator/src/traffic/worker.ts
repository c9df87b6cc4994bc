// Reads logs apart from the page, which stays quick meanwhile.

import init from 'sizewell-wasm';
import module from 'sizewell-wasm/sizewell.wasm?url';
import { reportOf } from '../plan';
import { type Answer, headerOf, type Log, traffic } from './reading';

const ready = init(module);

addEventListener('message', async ({ data }: MessageEvent<Log>) => {
  await ready;
  let answer: Answer;
  try {
    answer = { traffic: traffic(data) };
  } catch (thrown) {
    const refusal = reportOf(thrown);
    answer = { refusal, header: headerOf(data, refusal) };
  }
  postMessage(answer);
});
