//! The random numbers of the reference simulator: xoshiro256++ (Blackman and Vigna 2018), seeded by
//! SplitMix64, and samples of the distributions by textbook methods, independent of the library's
//! own quantiles.

use sizewell::workload::{RequestMix, TokenDistribution};

pub struct Random([u64; 4]);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform above 0, below 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in the logarithm.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number from 0 to below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count - 1)
    }

    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// Box and Muller's method; the second number is thrown away.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Gamma with the given shape and mean 1: Marsaglia and Tsang 2000, with their boost below 1.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        let raised = if shape < 1.0 { shape + 1.0 } else { shape };
        let d = raised - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        let sample = loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < x * x / 2.0 + d - d * v + d * v.ln() {
                break d * v;
            }
        };
        let boost = if shape < 1.0 { self.uniform().powf(1.0 / shape) } else { 1.0 };
        sample * boost / shape
    }
}

/// Prompts and answers of a mix, drawn in whole tokens.
pub struct Lengths {
    classes: Vec<(f64, Sampler, Sampler)>,
}

enum Sampler {
    Constant(u32),
    Lognormal { mu: f64, sigma: f64, most: f64 },
    Empirical { tokens: Vec<u32>, cumulative: Vec<f64> },
}

impl Sampler {
    fn new(distribution: &TokenDistribution) -> Self {
        match distribution {
            TokenDistribution::Constant { tokens } => Self::Constant(*tokens),
            TokenDistribution::Lognormal { mean_tokens, cv, max_tokens } => {
                let variance = (1.0 + cv * cv).ln();
                let most = f64::from(max_tokens.unwrap_or(10_000_000));
                Self::Lognormal { mu: mean_tokens.ln() - variance / 2.0, sigma: variance.sqrt(), most }
            }
            TokenDistribution::Empirical { tokens, weights } => {
                let mut sum = 0.0;
                let cumulative = (0..tokens.len())
                    .map(|index| {
                        sum += weights.get(index).copied().unwrap_or(1.0);
                        sum
                    })
                    .collect();
                Self::Empirical { tokens: tokens.clone(), cumulative }
            }
        }
    }

    fn draw(&self, random: &mut Random) -> u32 {
        match self {
            Self::Constant(tokens) => *tokens,
            Self::Lognormal { mu, sigma, most } => {
                (mu + sigma * random.normal()).exp().clamp(1.0, *most).round() as u32
            }
            Self::Empirical { tokens, cumulative } => {
                let at = random.uniform() * cumulative.last().unwrap();
                tokens[cumulative.partition_point(|reached| *reached < at).min(tokens.len() - 1)]
            }
        }
    }
}

impl Lengths {
    pub fn new(mix: &RequestMix) -> Self {
        let mut sum = 0.0;
        let classes = mix
            .classes
            .iter()
            .map(|class| {
                sum += class.weight;
                (sum, Sampler::new(&class.input), Sampler::new(&class.output))
            })
            .collect();
        Self { classes }
    }

    /// Tokens of a prompt and of its answer.
    pub fn draw(&self, random: &mut Random) -> (u32, u32) {
        let at = random.uniform() * self.classes.last().unwrap().0;
        let class = self.classes.iter().find(|class| class.0 >= at).unwrap();
        (class.1.draw(random), class.2.draw(random))
    }
}
