// The page: what is asked on top, what is planned for at the side, what fits beside it.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Ask } from './ask';
import { Comparing, Scenarios } from './whatif';
import { type Edits, withEdit, withoutEdit } from './fields';
import { Footer, Header } from './frame';
import { Form } from './form';
import { Results, lookedAt } from './results';
import { comparisonOf, isIncomplete, planOf } from './plan';
import { useLog } from './traffic/log';
import { Traffic } from './traffic/traffic';
import { EMPTY, type Scenario, type State, changed, readState, written } from './state';

// What browsers and chat programs take; a longer sentence is planned, but has no link.
const LONGEST_ADDRESS = 32_000;

/** The address of this page in a state. */
function addressOf(state: State): string {
  const hash = written(state);
  const page = location.href.split('#')[0] ?? '';
  return hash ? `${page}#${hash}` : page;
}

/** The state, kept in the address. */
function useAddress(): [State, (next: State) => void] {
  const [state, setState] = useState(() => readState(location.hash));
  const own = useRef(location.hash);
  useEffect(() => {
    const hash = written(state);
    if (hash === own.current.replace(/^#/, '')) return;
    own.current = hash;
    // Browsers refuse many changes of the address in a short time, such as one for each key.
    const timer = setTimeout(() => {
      const address = addressOf(state);
      if (address.length <= LONGEST_ADDRESS) history.replaceState(null, '', address);
    }, 250);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    const follow = () => {
      own.current = location.hash;
      setState(readState(location.hash));
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return [state, setState];
}

/** A text for screen readers, said once things have been still for a moment. */
function Announcement({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), 600);
    return () => clearTimeout(timer);
  }, [text]);
  return <p class="unseen" role="status" aria-live="polite">{said}</p>;
}

export function App() {
  const [state, setState] = useAddress();
  const log = useLog();
  const scenario = state.scenarios[state.active] ?? EMPTY;
  const plan = planOf(scenario);
  // While a value is being typed the last plan stays in sight, so that the page keeps still.
  const last = useRef<{ name: string; plan: typeof plan } | null>(null);
  if (plan.recommendation) last.current = { name: scenario.name, plan };
  const incomplete = isIncomplete(scenario, plan);
  const stale = !plan.recommendation && !incomplete && last.current?.name === scenario.name;
  const seen = stale && last.current ? last.current.plan : plan;
  const option = seen.recommendation ? lookedAt(seen.recommendation, scenario.option) : null;
  const comparison = useMemo(() => comparisonOf(state.scenarios), [state.scenarios]);

  const change = (part: Partial<Scenario>) => setState(changed(state, part));
  const edit = (edits: Edits) => change({ edits, option: '' });
  const announcement = incomplete
    ? ''
    : (plan.recommendation?.summary ?? `Cannot be planned: ${plan.refusal?.message ?? ''}`);

  return (
    <>
      <a class="skip" href="#results" onClick={(event) => {
        // The address holds the state, so the link must not change it.
        event.preventDefault();
        document.getElementById('results')?.focus();
      }}>
        Skip to the options
      </a>
      <Header link={() => addressOf(state)} />
      <main>
        <Ask
          scenario={scenario}
          plan={plan}
          onAsk={(ask) => change({ ask, option: '' })}
        />
        <Traffic
          log={log}
          option={option}
          onTake={(taken) => edit({ ...scenario.edits, ...taken })}
        />
        <Scenarios state={state} onChange={setState} />
        {comparison && <Comparing comparison={comparison} />}
        <div class="work">
          <Form
            scenario={scenario}
            plan={plan}
            seen={seen}
            onEdit={(path, typed) => edit(withEdit(scenario.edits, path, typed, plan.parsed?.intent ?? null))}
            onUndo={(path) => edit(withoutEdit(scenario.edits, path))}
            onUndoAll={() => edit({})}
          />
          <Results
            scenario={scenario}
            plan={plan}
            seen={seen}
            incomplete={incomplete}
            option={option}
            onOption={(option) => change({ option })}
            onLengths={(input, output) =>
              edit({ ...scenario.edits, input_tokens: String(input), output_tokens: String(output) })
            }
          />
        </div>
      </main>
      <Footer took={plan.recommendation ? plan.took : null} />
      <Announcement text={announcement} />
    </>
  );
}
