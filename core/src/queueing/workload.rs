//! Requests made ready for many predictions: the moments that queueing needs, and the lengths cut
//! into strips, finer where the tail is.

use crate::error::Result;
use crate::workload::RequestMix;

/// Where the strips end, as shares of all requests: fine in the tail, because the 95th and 99th
/// percentiles are what predictions are for.
const EDGES: [f64; 10] = [0.12, 0.32, 0.52, 0.7, 0.83, 0.91, 0.96, 0.985, 0.996, 1.0];
/// A distribution with no more values than this keeps each as it is.
pub(crate) const MOST_STRIPS: usize = 10;

/// A group of requests of about the same length.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Strip {
    /// Share of all requests.
    pub weight: f64,
    /// Mean and variance of the prompt's tokens that are work.
    pub work: f64,
    pub work_variance: f64,
    /// Mean tokens of the prompt found in the cache.
    pub cached: f64,
    /// Mean and variance of the answer's tokens.
    pub output: f64,
    pub output_variance: f64,
}

/// Requests made ready for predictions; built once with [`Workload::new`], used for many.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Strips by the length of the prompt.
    pub(crate) prompts: Vec<Strip>,
    /// Strips by the length of the answer.
    pub(crate) answers: Vec<Strip>,
    /// Over all requests.
    pub(crate) all: Strip,
    /// Mean tokens of prompt and answer.
    pub(crate) tokens: f64,
    /// Tokens after the first of an answer, and their second moment.
    pub(crate) later: f64,
    pub(crate) later_square: f64,
    /// Mean of one over the tokens after the first, and the share of answers that have any.
    pub(crate) later_inverse: f64,
    pub(crate) with_later: f64,
    /// Context of a sequence that decodes, averaged over its iterations.
    pub(crate) context: f64,
    /// Variance of that context over the sequences that decode at a time.
    pub(crate) context_variance: f64,
    /// Prompt and answer of a sequence that runs, weighted by how long it runs, and variance.
    pub(crate) held: f64,
    pub(crate) held_variance: f64,
    /// Mean of the square of prompt and answer.
    pub(crate) tokens_square: f64,
    /// Squared coefficient of variation of the tokens after the first.
    pub(crate) later_scv: f64,
    /// The same of the room that a request takes in the KV cache times how long it does.
    pub(crate) area_scv: f64,
}

/// Requests of one length.
#[derive(Clone, Copy)]
struct Point {
    weight: f64,
    input: f64,
    output: f64,
}

impl Workload {
    /// Makes a mix ready.
    ///
    /// # Errors
    ///
    /// As [`RequestMix::check`].
    pub fn new(mix: &RequestMix) -> Result<Self> {
        mix.check()?;
        let total: f64 = mix.classes.iter().map(|class| class.weight).sum();
        let mut by_prompt = Vec::new();
        let mut by_answer = Vec::new();
        let mut sums = Sums::default();
        for class in &mix.classes {
            let share = class.weight / total;
            let inputs = class.input.quantiles()?.discrete();
            let outputs = class.output.quantiles()?.discrete();
            let marginal = |values: &[(f64, f64)]| {
                let mean: f64 = values.iter().map(|(value, weight)| value * weight).sum();
                let square: f64 = values.iter().map(|(value, weight)| value * value * weight).sum();
                (mean, square)
            };
            let (input, input_square) = marginal(&inputs);
            let (output, output_square) = marginal(&outputs);
            let input_variance = (input_square - input * input).max(0.0);
            let output_variance = (output_square - output * output).max(0.0);
            for (value, weight) in &inputs {
                by_prompt.push((Point { weight: weight * share, input: *value, output }, output_variance));
            }
            for (value, weight) in &outputs {
                by_answer.push((Point { weight: weight * share, input, output: *value }, input_variance));
                sums.add(share * weight, *value, input, input_square);
            }
        }
        by_prompt.sort_by(|left, right| left.0.input.total_cmp(&right.0.input));
        by_answer.sort_by(|left, right| left.0.output.total_cmp(&right.0.output));
        let hit = mix.prefix_hit_fraction;
        let prompts = strips(&by_prompt, |point| point.input, hit, true);
        let answers = strips(&by_answer, |point| point.output, hit, false);
        let all = merge(by_prompt.iter(), hit, true);
        Ok(sums.workload(prompts, answers, all))
    }

    /// What [`new`](Self::new) makes of [`RequestMix::constant`] with a share of prompt tokens in the
    /// cache, without the way there; lengths are taken as checked.
    pub(crate) fn constant(input_tokens: u32, output_tokens: u32, prefix_hit_fraction: f64) -> Self {
        let (input, output) = (f64::from(input_tokens), f64::from(output_tokens));
        let point = [(Point { weight: 1.0, input, output }, 0.0)];
        let mut sums = Sums::default();
        sums.add(1.0, output, input, input * input);
        let strip = |by_prompt| merge(point.iter(), prefix_hit_fraction, by_prompt);
        sums.workload(vec![strip(true)], vec![strip(false)], strip(true))
    }

    /// Mean tokens of a prompt, those in the cache included.
    #[must_use]
    pub fn input_tokens_mean(&self) -> f64 {
        self.all.work + self.all.cached
    }

    /// Mean tokens of an answer.
    #[must_use]
    pub fn output_tokens_mean(&self) -> f64 {
        self.all.output
    }
}

/// Sums over classes and answers, from which the moments follow.
#[derive(Default)]
struct Sums {
    tokens: f64,
    tokens_square: f64,
    later: f64,
    later_square: f64,
    later_inverse: f64,
    with_later: f64,
    context: f64,
    context_square: f64,
    held: f64,
    held_square: f64,
    area_square: f64,
}

impl Sums {
    fn add(&mut self, weight: f64, output: f64, input: f64, input_square: f64) {
        let later = (output - 1.0).max(0.0);
        self.tokens += weight * (input + output);
        self.tokens_square += weight * (input_square + 2.0 * input * output + output * output);
        self.later += weight * later;
        self.later_square += weight * later * later;
        if later > 0.0 {
            // Continuous lengths go below one later token; answers are whole tokens.
            self.later_inverse += weight / later.max(1.0);
            self.with_later += weight;
        }
        // Context while decoding runs evenly from the prompt to prompt and answer.
        self.context += weight * later * (input + output / 2.0);
        self.context_square += weight * later * (input_square + input * output + output * output / 3.0);
        self.held += weight * later * (input + output);
        let square = input_square + 2.0 * input * output + output * output;
        self.held_square += weight * later * square;
        self.area_square += weight * later * later * square;
    }

    fn workload(self, prompts: Vec<Strip>, answers: Vec<Strip>, all: Strip) -> Workload {
        let over = |sum: f64, otherwise: f64| if self.later > 0.0 { sum / self.later } else { otherwise };
        let context = over(self.context, all.work + all.cached);
        let held = over(self.held, self.tokens);
        Workload {
            prompts,
            answers,
            all,
            tokens: self.tokens,
            later: self.later,
            later_square: self.later_square,
            later_inverse: self.later_inverse,
            with_later: self.with_later,
            context,
            context_variance: (over(self.context_square, context * context) - context * context).max(0.0),
            held,
            held_variance: (over(self.held_square, held * held) - held * held).max(0.0),
            tokens_square: self.tokens_square,
            later_scv: scv(self.later, self.later_square),
            area_scv: scv(self.held, self.area_square),
        }
    }
}

/// Squared coefficient of variation from mean and mean square.
fn scv(mean: f64, square: f64) -> f64 {
    if mean > 0.0 { (square / (mean * mean) - 1.0).max(0.0) } else { 0.0 }
}

/// Cuts sorted points into strips: one for each value where there are few, else by [`EDGES`].
fn strips(points: &[(Point, f64)], key: fn(&Point) -> f64, hit: f64, by_prompt: bool) -> Vec<Strip> {
    let same = |left: &(Point, f64), right: &(Point, f64)| key(&left.0) == key(&right.0);
    let values: Vec<&[(Point, f64)]> = points.chunk_by(same).collect();
    if values.len() <= MOST_STRIPS {
        return values.into_iter().map(|group| merge(group.iter(), hit, by_prompt)).collect();
    }
    let mut strips = Vec::with_capacity(EDGES.len());
    let mut reached = 0.0;
    let mut group: Vec<&(Point, f64)> = Vec::new();
    let mut edges = EDGES.iter().copied().peekable();
    for point in points {
        group.push(point);
        reached += point.0.weight;
        if edges.peek().is_some_and(|edge| reached >= *edge - 1e-12) {
            while edges.next_if(|edge| reached >= *edge - 1e-12).is_some() {}
            strips.push(merge(group.drain(..), hit, by_prompt));
        }
    }
    if !group.is_empty() {
        strips.push(merge(group.drain(..), hit, by_prompt));
    }
    strips
}

/// One strip of many points. `hit` is the share of a prompt in the cache; the variance beside each
/// point is that of the other length.
fn merge<'a>(points: impl Iterator<Item = &'a (Point, f64)>, hit: f64, by_prompt: bool) -> Strip {
    let mut strip = Strip::default();
    let (mut work_square, mut output_square) = (0.0, 0.0);
    for (point, variance) in points {
        let cached = (point.input * hit).min(point.input - 1.0).max(0.0);
        let work = point.input - cached;
        let (of_work, of_output) =
            if by_prompt { (0.0, *variance) } else { (variance * (1.0 - hit) * (1.0 - hit), 0.0) };
        strip.weight += point.weight;
        strip.work += point.weight * work;
        strip.cached += point.weight * cached;
        strip.output += point.weight * point.output;
        work_square += point.weight * (work * work + of_work);
        output_square += point.weight * (point.output * point.output + of_output);
    }
    let weight = strip.weight.max(f64::MIN_POSITIVE);
    strip.work /= weight;
    strip.cached /= weight;
    strip.output /= weight;
    strip.work_variance = (work_square / weight - strip.work * strip.work).max(0.0);
    strip.output_variance = (output_square / weight - strip.output * strip.output).max(0.0);
    strip
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn constant_lengths_are_made_ready_the_short_way_to_the_same_bits() {
        for (input, output, hit) in [(1, 1, 0.0), (512, 256, 0.0), (8192, 1, 0.3), (77, 1023, 1.0)] {
            let mut mix = RequestMix::constant(input, output);
            mix.prefix_hit_fraction = hit;
            assert_eq!(Workload::constant(input, output, hit), Workload::new(&mix).unwrap());
        }
    }
}
