//! Random and mutated input through the JSON boundary: no panic, and every refusal an error with
//! code and message. 1,000,000 inputs with `SIZEWELL_FUZZ_INPUTS=1000000`; fewer by default.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

/// Random choices, the same in every run.
struct Random(TestRng);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        (self.0.next_u64() % most.max(1) as u64) as usize
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

const NASTY_NUMBERS: [&str; 16] = [
    "0",
    "-0.0",
    "-1",
    "1e308",
    "-1e308",
    "1e-320",
    "4294967296",
    "18446744073709551616",
    "0.1",
    "1e17",
    "512.0",
    "256",
    "3.5",
    "-9223372036854775808",
    "2147483648",
    "1",
];
const NASTY_TEXTS: [&str; 14] = [
    "",
    " ",
    "H100",
    "p95",
    "llama",
    "\u{0}",
    "`",
    "\u{202e}",
    "🦀",
    "1,000 users",
    "chatbot_conversational",
    "İ",
    "aws",
    "2026-02-30",
];

fn nasty(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 3 { 4 } else { 7 }) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => serde_json::from_str(random.pick(&NASTY_NUMBERS)).unwrap_or(Value::Null),
        3 => Value::String(random.pick(&NASTY_TEXTS).to_owned()),
        4 => (0..random.below(4)).map(|_| nasty(random, depth + 1)).collect(),
        _ => (0..random.below(4))
            .map(|_| (random.pick(&NASTY_TEXTS).to_string(), nasty(random, depth + 1)))
            .collect(),
    }
}

/// Changes one place: a value replaced, a field dropped, added or renamed, a list cut or doubled.
fn mutate(random: &mut Random, value: &mut Value, depth: usize) {
    if depth > 6 || random.below(4) == 0 {
        *value = nasty(random, 2);
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = random.pick(&keys);
            match random.below(8) {
                0 => drop(fields.remove(&key)),
                1 => drop(fields.insert(random.pick(&NASTY_TEXTS).to_string(), Value::Null)),
                2 => {
                    let moved = fields.remove(&key).unwrap_or_default();
                    fields.insert(format!("{key}s"), moved);
                }
                _ => mutate(random, fields.get_mut(&key).unwrap(), depth + 1),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = random.below(items.len());
            match random.below(6) {
                0 => drop(items.remove(index)),
                1 => items.push(items[index].clone()),
                _ => mutate(random, &mut items[index], depth + 1),
            }
        }
        Value::String(text) => {
            let cut: String = text.chars().take(random.below(text.chars().count() + 1)).collect();
            *text = match random.below(3) {
                0 => cut,
                1 => format!("{cut}{}", random.pick(&NASTY_TEXTS)),
                _ => text.repeat(random.below(4)),
            };
        }
        other => *other = nasty(random, 3),
    }
}

/// Requests that are right, to be broken.
fn seeds() -> Vec<(&'static str, Value)> {
    let catalog = sizewell_data::catalog();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Sessions have methods, not functions.
        if path.is_dir() {
            continue;
        }
        let Ok(case) = serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()) else {
            continue;
        };
        let function =
            sizewell::api::FUNCTIONS.iter().find(|(name, _, _)| case["function"] == *name).unwrap().0;
        // A long text would be most of the time spent.
        if case["arguments"].to_string().len() < 20_000 {
            seeds.push((function, case["arguments"].clone()));
        }
    }
    for (function, _, _) in sizewell::api::FUNCTIONS {
        assert!(seeds.iter().any(|(seed, _)| seed == function), "no golden case of {function} to break");
    }
    let specification = sizewell::api::call(
        catalog,
        "specify",
        &[json!({"use_case": "chatbot_conversational", "qps": 2.0, "models": {"preferred": ["gpt-oss-20b"]}})],
    )
    .unwrap();
    let recommendation = sizewell::api::call(catalog, "recommend", &[specification]).unwrap();
    for option in recommendation["options"].as_array().unwrap() {
        seeds.push(("render_manifests", json!([option, {"name": "chat", "namespace": "prod"}])));
    }
    seeds
}

#[test]
fn no_input_panics_and_every_refusal_says_why() {
    let inputs: usize =
        std::env::var("SIZEWELL_FUZZ_INPUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let catalog = sizewell_data::catalog();
    let seeds = seeds();
    let mut random = Random(TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..inputs {
        let (function, arguments) = random.pick(&seeds);
        let mut arguments = arguments;
        let text = match random.below(10) {
            // Text that may be no JSON at all.
            0 => {
                let mut text: Vec<char> = arguments.to_string().chars().collect();
                for _ in 0..=random.below(3) {
                    let at = random.below(text.len());
                    text[at] = random.pick(&['{', '}', '"', '\\', '0', ',', '\u{0}', 'é', '-', 'e']);
                }
                text.into_iter().collect()
            }
            1 => json!([nasty(&mut random, 0)]).to_string(),
            _ => {
                for _ in 0..=random.below(3) {
                    mutate(&mut random, &mut arguments, 0);
                }
                arguments.to_string()
            }
        };
        match sizewell::api::call_json(catalog, function, &text) {
            Ok(result) => {
                assert!(!result.contains("NaN"), "{function}({text})");
                accepted += 1;
            }
            Err(error) => {
                assert!(!error.message().is_empty(), "{function}({text})");
                assert!(!error.code().as_str().is_empty());
                assert!(!error.path().is_empty(), "{function}({text}): {error} has no path");
                for rust in ["u32", "u64", "f64", "struct ", "variant", "Option<", "serde"] {
                    assert!(!error.message().contains(rust), "{function}({text}): {error}");
                }
                refused += 1;
            }
        }
    }
    println!("{inputs} inputs: {accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}
