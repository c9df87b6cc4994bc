//! Lengths of requests, drawn from classes.

use super::model::TrafficClass;
use crate::error::Result;
use crate::units::{Random, normal_cdf, normal_quantile, sqrt};
use crate::workload::{TokenDistribution, TokenQuantiles};

/// Steps that a continuous distribution is cut into where its values are ordered among those of other classes.
const STEPS: u32 = 256;

/// Things of different weight, one of which is drawn.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    reached: Vec<f64>,
}

impl Choice {
    pub(super) fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut reached: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        reached.iter_mut().for_each(|upper| *upper /= sum.max(1e-300));
        Self { reached }
    }

    /// The position of the thing at a share of all weight.
    pub(super) fn at(&self, share: f64) -> usize {
        self.reached.partition_point(|upper| *upper < share).min(self.reached.len().saturating_sub(1))
    }
}

/// A length distribution that is asked often.
#[derive(Debug, Clone)]
enum Draw {
    /// Values with the shares up to each.
    Values(Vec<(f64, u32)>),
    Continuous(TokenQuantiles),
}

impl Draw {
    fn new(distribution: &TokenDistribution) -> Result<Self> {
        let quantiles = distribution.quantiles()?;
        if matches!(distribution, TokenDistribution::Lognormal { .. }) {
            return Ok(Self::Continuous(quantiles));
        }
        let mut reached = 0.0;
        let values = quantiles.discrete().into_iter().map(|(tokens, share)| {
            reached += share;
            (reached, tokens as u32)
        });
        Ok(Self::Values(values.collect()))
    }

    fn at(&self, probability: f64) -> u32 {
        match self {
            Self::Values(values) => {
                let place = values.partition_point(|(reached, _)| *reached < probability);
                values.get(place).or(values.last()).map_or(1, |value| value.1)
            }
            Self::Continuous(quantiles) => quantiles.at(probability).round() as u32,
        }
    }

    /// Values with the ranks that each stands for.
    fn steps(&self) -> Vec<(u32, f64, f64)> {
        match self {
            Self::Values(values) => {
                let mut before = 0.0;
                values
                    .iter()
                    .map(|(reached, tokens)| (*tokens, std::mem::replace(&mut before, *reached), *reached))
                    .collect()
            }
            Self::Continuous(_) => (0..STEPS)
                .map(|step| {
                    let rank = |place: f64| (f64::from(step) + place) / f64::from(STEPS);
                    (self.at(rank(0.5)), rank(0.0), rank(1.0))
                })
                .collect(),
        }
    }
}

/// Lengths of one class.
#[derive(Debug, Clone)]
struct Lengths {
    /// Share of requests of this class and those before it.
    up_to: f64,
    share: f64,
    input: Draw,
    output: Draw,
    correlation: f64,
}

impl Lengths {
    fn output(&self, input_score: f64, other: f64) -> u32 {
        let kept = self.correlation;
        let score = kept * input_score + sqrt((1.0 - kept * kept).max(0.0)) * other;
        self.output.at(normal_cdf(score))
    }
}

/// One value of one class among the ordered prompts of all.
#[derive(Debug, Clone, Copy)]
struct Atom {
    up_to: f64,
    class: usize,
    from_rank: f64,
    to_rank: f64,
}

/// Lengths of some classes together.
#[derive(Debug, Clone)]
pub(super) struct ClassLengths {
    classes: Vec<Lengths>,
    /// Prompts of all classes in ascending order; only where prompts are drawn by their rank.
    atoms: Vec<Atom>,
}

impl ClassLengths {
    pub(super) fn new(classes: &[TrafficClass], by_rank: bool) -> Result<Self> {
        let total: f64 = classes.iter().map(|class| class.weight).sum();
        let mut reached = 0.0;
        let lengths = |class: &TrafficClass| {
            reached += class.weight / total;
            Ok(Lengths {
                up_to: reached,
                share: class.weight / total,
                input: Draw::new(&class.input)?,
                output: Draw::new(&class.output)?,
                correlation: class.correlation,
            })
        };
        let classes = classes.iter().map(lengths).collect::<Result<Vec<Lengths>>>()?;
        let atoms = if by_rank { atoms(&classes) } else { Vec::new() };
        Ok(Self { classes, atoms })
    }

    /// Prompt and answer of a request.
    pub(super) fn draw(&self, random: &mut Random) -> (u32, u32) {
        let which = random.uniform();
        let class = self.classes.iter().find(|class| which <= class.up_to).or(self.classes.last());
        let Some(class) = class else { return (1, 1) };
        let (first, other) = (random.normal(), random.normal());
        (class.input.at(normal_cdf(first)), class.output(first, other))
    }

    /// Prompt and answer of a request whose prompt has this rank among the prompts of all classes.
    pub(super) fn draw_at(&self, rank: f64, random: &mut Random) -> (u32, u32) {
        let place = self.atoms.partition_point(|atom| atom.up_to < rank);
        let Some(atom) = self.atoms.get(place).or(self.atoms.last()) else { return (1, 1) };
        let Some(class) = self.classes.get(atom.class) else { return (1, 1) };
        let within = atom.from_rank + (atom.to_rank - atom.from_rank) * random.uniform();
        let within = within.clamp(1e-12, 1.0 - 1e-12);
        (class.input.at(within), class.output(normal_quantile(within), random.normal()))
    }
}

fn atoms(classes: &[Lengths]) -> Vec<Atom> {
    let mut all: Vec<(u32, f64, Atom)> = Vec::new();
    for (index, class) in classes.iter().enumerate() {
        for (tokens, from_rank, to_rank) in class.input.steps() {
            let share = class.share * (to_rank - from_rank);
            all.push((tokens, share, Atom { up_to: 0.0, class: index, from_rank, to_rank }));
        }
    }
    all.sort_by_key(|(tokens, _, atom)| (*tokens, atom.class));
    let mut reached = 0.0;
    all.into_iter()
        .map(|(_, share, atom)| {
            reached += share;
            Atom { up_to: reached, ..atom }
        })
        .collect()
}
