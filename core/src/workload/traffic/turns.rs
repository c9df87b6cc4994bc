//! How prompts grow from one request of a conversation to the next.

use crate::units::{ln, sqrt};

/// Requests of a conversation that are looked at one by one; all later ones together.
const TURNS: usize = 12;
/// Prompts at a turn, in all, from which their mean counts.
const FEWEST: f64 = 30.0;

/// Sums over logarithms of prompts at one turn.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

/// Sums over pairs of a prompt and the next.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    count: f64,
    first: f64,
    second: f64,
    first_squares: f64,
    second_squares: f64,
    products: f64,
}

/// Prompts of one source's conversations by turn.
#[derive(Debug, Clone, Default)]
pub(super) struct TurnLengths {
    turns: [Sums; TURNS],
    pairs: [Pairs; TURNS],
}

fn log(tokens: u32) -> f64 {
    ln(f64::from(tokens.max(1)))
}

impl TurnLengths {
    /// One prompt; `before` tells how many requests came before it in its conversation, and the last one's prompt.
    pub(super) fn add(&mut self, before: Option<(u32, u32)>, input_tokens: u32) {
        let own = log(input_tokens);
        let turn = before.map_or(0, |(requests, _)| requests as usize).min(TURNS - 1);
        if let Some(sums) = self.turns.get_mut(turn) {
            *sums = Sums { count: sums.count + 1.0, sum: sums.sum + own, squares: sums.squares + own * own };
        }
        let Some((_, tokens)) = before else { return };
        let last = log(tokens);
        if let Some(pairs) = self.pairs.get_mut(turn) {
            *pairs = Pairs {
                count: pairs.count + 1.0,
                first: pairs.first + last,
                second: pairs.second + own,
                first_squares: pairs.first_squares + last * last,
                second_squares: pairs.second_squares + own * own,
                products: pairs.products + last * own,
            };
        }
    }

    /// Mean scores by turn, and the correlation of a prompt with the next apart from them: each source's prompts
    /// are taken about their own mean and over their own deviation.
    pub(super) fn pooled<'a>(sources: impl Iterator<Item = &'a Self>) -> (Vec<f64>, f64) {
        let (mut scores, mut counts) = ([0.0; TURNS], [0.0; TURNS]);
        let (mut product, mut of_first, mut of_second) = (0.0, 0.0, 0.0);
        for source in sources {
            let count: f64 = source.turns.iter().map(|sums| sums.count).sum();
            let mean = source.turns.iter().map(|sums| sums.sum).sum::<f64>() / count.max(1.0);
            let square = source.turns.iter().map(|sums| sums.squares).sum::<f64>() / count.max(1.0);
            let deviation = sqrt((square - mean * mean).max(0.0));
            if deviation > 1e-9 {
                let places = scores.iter_mut().zip(&mut counts).zip(&source.turns);
                for ((score, count), sums) in places {
                    *score += (sums.sum - sums.count * mean) / deviation;
                    *count += sums.count;
                }
            }
            for pairs in source.pairs.iter().filter(|pairs| pairs.count > 1.0) {
                product += pairs.products - pairs.first * pairs.second / pairs.count;
                of_first += pairs.first_squares - pairs.first * pairs.first / pairs.count;
                of_second += pairs.second_squares - pairs.second * pairs.second / pairs.count;
            }
        }
        let scale = sqrt((of_first * of_second).max(0.0));
        let correlation = if scale > 1e-9 { (product / scale).clamp(-0.999, 0.999) } else { 0.0 };
        let known = scores.iter().zip(&counts).take_while(|(_, count)| **count >= FEWEST);
        (known.map(|(score, count)| score / count).collect(), correlation)
    }
}
