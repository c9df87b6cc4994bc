//! Classes of requests: k-means on the binary logarithms of prompt and answer, weighted by how often
//! each cell of the joint table was seen. Deterministic: clusters start from repeated halving
//! across the widest direction (Su and Dy, "In search of deterministic methods for initializing
//! K-means", 2007, with axes for directions), and move by Lloyd's algorithm.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::joint::{Cell, marginals};
use super::lengths::sketch;
use crate::units::{log2, normal_quantile, sqrt};
use crate::workload::{RequestClass, RequestMix, TokenDistribution};

/// The mean silhouette from which clusters are more than slices of one cloud: the simplified
/// silhouette of a normal cloud cut in two is near 0.55, of two that are four deviations apart 0.7.
const LEAST_SILHOUETTE: f64 = 0.65;
/// Lloyd's iterations, at most: cells hardly change sides after a dozen.
const MOST_ITERATIONS: usize = 60;

/// Requests sorted into classes that are alike in prompt and answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestClasses {
    /// The classes, the most frequent first.
    pub classes: Vec<RequestClassSummary>,
    /// Why they are so many.
    pub criterion: ClassCriterion,
}

/// Why there are so many classes: the number with the greatest mean simplified silhouette
/// (distances to the centres of the own and the nearest other class; Hruschka and others, 2006),
/// one class where none reaches the threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClassCriterion {
    /// Mean silhouette with two classes, three, and so on up to the most allowed.
    pub silhouettes: Vec<f64>,
    /// What it must reach for more than one class.
    pub threshold: f64,
}

/// Requests that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestClassSummary {
    /// Share of all requests.
    pub fraction: f64,
    /// Mean tokens of the prompts, within 3%.
    pub input_tokens_mean: f64,
    /// Mean tokens of the answers, within 3%.
    pub output_tokens_mean: f64,
    /// Prompts as they were seen, within 3%.
    pub input: TokenDistribution,
    /// Answers as they were seen, within 3%.
    pub output: TokenDistribution,
    /// Correlation of the normal scores of prompt and answer within the class, −1 to 1.
    pub correlation: f64,
}

impl RequestClasses {
    /// The classes as the mix that queueing works with; within a class, prompts and answers are
    /// independent of one another there.
    #[must_use]
    pub fn mix(&self, prefix_hit_fraction: f64) -> RequestMix {
        let class = |class: &RequestClassSummary| RequestClass {
            weight: class.fraction,
            input: class.input.clone(),
            output: class.output.clone(),
        };
        RequestMix { classes: self.classes.iter().map(class).collect(), prefix_hit_fraction }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    at: [f64; 2],
    weight: f64,
}

fn distance(left: [f64; 2], right: [f64; 2]) -> f64 {
    let [x, y] = [left[0] - right[0], left[1] - right[1]];
    x * x + y * y
}

/// Sorts cells into at most `most` classes; `None` without cells.
pub(in crate::workload) fn classes(cells: &[Cell], most: u32, sketch_points: u32) -> Option<RequestClasses> {
    if cells.is_empty() {
        return None;
    }
    let axis = |tokens: f64| log2(tokens.max(0.5));
    let points: Vec<Point> = cells
        .iter()
        .map(|cell| Point {
            at: [axis(cell.input_tokens), axis(cell.output_tokens)],
            weight: cell.count as f64,
        })
        .collect();
    let mut best: (f64, Vec<usize>) = (LEAST_SILHOUETTE, vec![0; points.len()]);
    let mut silhouettes = Vec::new();
    for count in 2..=(most as usize).min(points.len()) {
        let (centres, side) = clusters(&points, count);
        let silhouette = mean_silhouette(&points, &centres, &side);
        silhouettes.push(silhouette);
        if silhouette > best.0 {
            best = (silhouette, side);
        }
    }
    let total: f64 = points.iter().map(|point| point.weight).sum();
    let groups = best.1.iter().max().map_or(1, |last| last + 1);
    let mut classes: Vec<(u64, RequestClassSummary)> = (0..groups)
        .filter_map(|group| {
            let own: Vec<Cell> = cells
                .iter()
                .zip(&best.1)
                .filter(|(_, side)| **side == group)
                .map(|(cell, _)| *cell)
                .collect();
            let (input, output) = marginals(&own);
            Some((
                input.total(),
                RequestClassSummary {
                    fraction: input.total() as f64 / total,
                    input_tokens_mean: input.mean(),
                    output_tokens_mean: output.mean(),
                    input: sketch(&input, sketch_points)?,
                    output: sketch(&output, sketch_points)?,
                    correlation: score_correlation(&own),
                },
            ))
        })
        .collect();
    classes.sort_by_key(|(requests, _)| Reverse(*requests));
    Some(RequestClasses {
        classes: classes.into_iter().map(|(_, class)| class).collect(),
        criterion: ClassCriterion { silhouettes, threshold: LEAST_SILHOUETTE },
    })
}

/// Centres of at most `count` clusters, and the cluster of each point.
fn clusters(points: &[Point], count: usize) -> (Vec<[f64; 2]>, Vec<usize>) {
    let mut side = halved(points, count);
    let mut centres = Vec::new();
    for _ in 0..MOST_ITERATIONS {
        centres = means(points, &side);
        let nearest: Vec<usize> = points.iter().map(|point| nearest_of(point.at, &centres)).collect();
        if nearest == side {
            break;
        }
        side = nearest;
    }
    (centres, side)
}

fn nearest_of(at: [f64; 2], centres: &[[f64; 2]]) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (index, centre) in centres.iter().enumerate() {
        let away = distance(at, *centre);
        if away < best.0 {
            best = (away, index);
        }
    }
    best.1
}

/// Mean of each cluster; one that lost all its points lies nowhere.
fn means(points: &[Point], side: &[usize]) -> Vec<[f64; 2]> {
    let groups = side.iter().max().map_or(0, |last| last + 1);
    let mut sums = vec![[0.0; 3]; groups];
    for (point, group) in points.iter().zip(side) {
        if let Some([x, y, weight]) = sums.get_mut(*group) {
            (*x, *y, *weight) =
                (*x + point.weight * point.at[0], *y + point.weight * point.at[1], *weight + point.weight);
        }
    }
    let mean = |sum: &[f64; 3]| if sum[2] > 0.0 { [sum[0] / sum[2], sum[1] / sum[2]] } else { [1e9; 2] };
    sums.iter().map(mean).collect()
}

/// A first division: the cluster with the greatest spread along an axis is cut at its mean there,
/// until there are enough.
fn halved(points: &[Point], count: usize) -> Vec<usize> {
    let mut side = vec![0; points.len()];
    for next in 1..count {
        let centres = means(points, &side);
        let mut spreads = vec![[0.0; 2]; centres.len()];
        for (point, group) in points.iter().zip(&side) {
            if let (Some(spread), Some(centre)) = (spreads.get_mut(*group), centres.get(*group)) {
                for ((sum, at), middle) in spread.iter_mut().zip(point.at).zip(centre) {
                    *sum += point.weight * (at - middle) * (at - middle);
                }
            }
        }
        let mut widest = (0.0, 0, 0);
        for (group, spread) in spreads.iter().enumerate() {
            for (axis, sum) in spread.iter().enumerate() {
                if *sum > widest.0 {
                    widest = (*sum, group, axis);
                }
            }
        }
        let (spread, group, axis) = widest;
        let Some(cut) = centres.get(group).and_then(|centre| centre.get(axis)).filter(|_| spread > 0.0)
        else {
            break;
        };
        for (point, own) in points.iter().zip(&mut side).filter(|(_, own)| **own == group) {
            if point.at.get(axis).is_some_and(|at| at > cut) {
                *own = next;
            }
        }
    }
    side
}

fn mean_silhouette(points: &[Point], centres: &[[f64; 2]], side: &[usize]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (point, own) in points.iter().zip(side) {
        let (mut inside, mut outside) = (0.0, f64::INFINITY);
        for (index, centre) in centres.iter().enumerate() {
            let away = distance(point.at, *centre);
            if index == *own {
                inside = away;
            } else {
                outside = outside.min(away);
            }
        }
        let (inside, outside) = (sqrt(inside), sqrt(outside));
        let greater = inside.max(outside);
        if greater > 0.0 && greater.is_finite() {
            sum += point.weight * (outside - inside) / greater;
        }
        weight += point.weight;
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// Correlation of prompt and answer after each was carried to a normal distribution by its rank.
fn score_correlation(cells: &[Cell]) -> f64 {
    let inputs = scores(cells, |cell| cell.input_tokens);
    let outputs = scores(cells, |cell| cell.output_tokens);
    let mut sums = [0.0; 3];
    for ((cell, x), y) in cells.iter().zip(&inputs).zip(&outputs) {
        let weight = cell.count as f64;
        for (sum, product) in sums.iter_mut().zip([x * y, x * x, y * y]) {
            *sum += weight * product;
        }
    }
    let [product, of_inputs, of_outputs] = sums;
    let scale = sqrt(of_inputs * of_outputs);
    if scale > 0.0 { (product / scale).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The normal score of each cell's value: that of the middle of its ranks.
fn scores(cells: &[Cell], value: impl Fn(&Cell) -> f64) -> Vec<f64> {
    let mut order: Vec<(f64, usize, f64)> =
        cells.iter().enumerate().map(|(place, cell)| (value(cell), place, cell.count as f64)).collect();
    order.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    let total: f64 = order.iter().map(|entry| entry.2).sum();
    let mut scores = vec![0.0; cells.len()];
    let mut below = 0.0;
    for tied in order.chunk_by(|left, right| left.0 == right.0) {
        let count: f64 = tied.iter().map(|entry| entry.2).sum();
        let score = normal_quantile((below + count / 2.0) / total);
        for (_, place, _) in tied {
            if let Some(slot) = scores.get_mut(*place) {
                *slot = score;
            }
        }
        below += count;
    }
    scores
}
