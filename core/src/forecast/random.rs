//! The generator of random numbers, where forecasts look for it.

pub(super) use crate::units::Random;
