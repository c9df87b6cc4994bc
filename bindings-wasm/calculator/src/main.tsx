import './style/tokens.css';
import './style/layout.css';
import './style/parts.css';
import './style/form.css';
import './style/results.css';
import './style/tables.css';
import './style/detail.css';
import './style/traffic.css';
import { render } from 'preact';
import init, { catalog } from 'sizewell-wasm';
import module from 'sizewell-wasm/sizewell.wasm?url';
import { App } from './app';

const page = document.getElementById('page');

try {
  await init(module);
  // Read once now, so that the first plan is as quick as the next.
  catalog();
  if (page) render(<App />, page);
} catch (error) {
  if (page) page.textContent = 'The calculator could not be loaded. Reload the page to try again.';
  throw error;
}
