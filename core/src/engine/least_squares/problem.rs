//! A fit's parameters as the search moves them, and the residuals and derivatives there.

use nalgebra::{DMatrix, DVector};

use super::{Differences, Fill, Options, Parameter, Scale};
use crate::error::{Error, Result};
use crate::units::{exp, ln};

/// A parameter as the search moves it: by its value or its logarithm.
pub(super) struct Coordinate {
    scale: Scale,
    /// The bounds of the value, which rounding of an exponential must not leave.
    values: (f64, f64),
    pub(super) initial: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    /// Mean and standard deviation.
    pub(super) prior: Option<(f64, f64)>,
}

impl Coordinate {
    fn new(parameter: &Parameter) -> Self {
        let place = |value: f64| match parameter.scale {
            Scale::Linear => value,
            Scale::Log => ln(value),
        };
        Self {
            scale: parameter.scale,
            values: (parameter.lower, parameter.upper),
            initial: place(parameter.initial),
            lower: place(parameter.lower),
            upper: place(parameter.upper),
            prior: parameter.prior.map(|prior| (place(prior.mean), prior.standard_deviation)),
        }
    }

    pub(super) fn value(&self, place: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => place,
            Scale::Log => exp(place),
        };
        value.max(self.values.0).min(self.values.1)
    }

    /// Derivative of the value by the place.
    pub(super) fn slope(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Linear => 1.0,
            Scale::Log => self.value(place),
        }
    }

    pub(super) fn within(&self, place: f64) -> f64 {
        place.max(self.lower).min(self.upper)
    }

    pub(super) fn is_fitted(&self) -> bool {
        self.lower < self.upper
    }

    /// What a difference's step is relative to.
    fn size(&self, place: f64) -> f64 {
        let least = match (self.prior, self.scale) {
            (Some((_, deviation)), _) => 0.01 * deviation,
            (None, Scale::Log) => 1.0,
            // A value may end many orders of magnitude below where it started.
            (None, Scale::Linear) if self.initial == 0.0 => 1e-10,
            (None, Scale::Linear) => 1e-10 * self.initial.abs(),
        };
        match place.abs() {
            size if size > least => size,
            0.0 if self.initial == 0.0 && self.prior.is_none() => 1.0,
            _ => least,
        }
    }
}

/// What is to be fitted. Places and residuals are vectors by parameter and by point.
pub(super) struct Problem<'a> {
    pub(super) coordinates: Vec<Coordinate>,
    pub(super) points: usize,
    pub(super) options: Options,
    pub(super) evaluations: u32,
    residuals: Fill<'a>,
    jacobian: Option<Fill<'a>>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        parameters: &[Parameter],
        residuals: Fill<'a>,
        jacobian: Option<Fill<'a>>,
        points: usize,
        options: &Options,
    ) -> Self {
        let coordinates = parameters.iter().map(Coordinate::new).collect();
        Self { coordinates, points, options: *options, evaluations: 0, residuals, jacobian }
    }

    pub(super) fn initial(&self) -> DVector<f64> {
        DVector::from_iterator(self.coordinates.len(), self.coordinates.iter().map(|one| one.initial))
    }

    pub(super) fn values(&self, places: &DVector<f64>) -> Vec<f64> {
        self.coordinates
            .iter()
            .zip(places.iter())
            .map(|(coordinate, place)| coordinate.value(*place))
            .collect()
    }

    /// The residuals at `places`, which may be infinite or not numbers.
    fn evaluate(&mut self, places: &DVector<f64>) -> DVector<f64> {
        let values = self.values(places);
        let mut residuals = DVector::from_element(self.points, f64::NAN);
        (self.residuals)(&values, residuals.as_mut_slice());
        self.evaluations = self.evaluations.saturating_add(1);
        residuals
    }

    /// The residuals at `places`; none when one of them is not finite.
    pub(super) fn residuals(&mut self, places: &DVector<f64>) -> Option<DVector<f64>> {
        Some(self.evaluate(places)).filter(is_finite)
    }

    /// The residuals where the search starts, with an error that names the first bad one.
    pub(super) fn first_residuals(&mut self, places: &DVector<f64>) -> Result<DVector<f64>> {
        let residuals = self.evaluate(places);
        match residuals.iter().enumerate().find(|(_, residual)| !residual.is_finite()) {
            Some((index, residual)) => {
                let path = format!("residuals[{index}]");
                Err(Error::invalid(path, residual, "a finite number at the initial values"))
            }
            None => Ok(residuals),
        }
    }

    /// Whether derivatives are given and not taken by differences.
    pub(super) fn has_jacobian(&self) -> bool {
        self.jacobian.is_some()
    }

    /// Relative size below which a singular value of a Jacobian with columns of length 1 is an
    /// artefact of rounding.
    pub(super) fn rank_tolerance(&self) -> f64 {
        match (self.has_jacobian(), self.options.differences) {
            (true, _) => 1e-11,
            (false, Differences::Central) => 1e-9,
            (false, Differences::Forward) => 3e-7,
        }
    }

    /// Derivatives of the residuals by the places of the `wanted` parameters; other columns are 0.
    pub(super) fn jacobian(
        &mut self,
        places: &DVector<f64>,
        residuals: &DVector<f64>,
        wanted: &[bool],
    ) -> Result<DMatrix<f64>> {
        let mut matrix = DMatrix::zeros(self.points, self.coordinates.len());
        let values = self.values(places);
        if let Some(jacobian) = &mut self.jacobian {
            jacobian(&values, matrix.as_mut_slice());
        }
        for (index, wanted) in wanted.iter().enumerate() {
            if !wanted {
                matrix.column_mut(index).fill(0.0);
                continue;
            }
            if self.has_jacobian() {
                let slope = self.coordinates.get(index).map_or(1.0, |one| one.slope(entry(places, index)));
                matrix.column_mut(index).scale_mut(slope);
            } else if let Some(column) = self.difference(places, residuals, index) {
                matrix.set_column(index, &column);
            } else {
                matrix.column_mut(index).fill(f64::NAN);
            }
            if !matrix.column(index).iter().all(|entry| entry.is_finite()) {
                let given = values.get(index).copied().unwrap_or(f64::NAN);
                let allowed = "a value beside which residuals and their derivatives are finite";
                return Err(Error::invalid(format!("parameters[{index}]"), given, allowed));
            }
        }
        Ok(matrix)
    }

    /// Derivatives by one parameter; none when residuals are not finite on either side.
    fn difference(
        &mut self,
        places: &DVector<f64>,
        residuals: &DVector<f64>,
        index: usize,
    ) -> Option<DVector<f64>> {
        /// Square and cube root of the rounding unit 2⁻⁵².
        const STEPS: (f64, f64) = (1.490_116_119_384_765_6e-8, 6.055_454_452_393_343e-6);
        let coordinate = self.coordinates.get(index)?;
        let place = entry(places, index);
        let central = self.options.differences == Differences::Central;
        let usual = if central { STEPS.1 } else { STEPS.0 };
        let step = self.options.difference_step.unwrap_or(usual) * coordinate.size(place);
        let (lower, upper) = (coordinate.lower, coordinate.upper);
        let mut side = |signed: f64| {
            let there = place + signed;
            if there < lower || there > upper {
                return None;
            }
            let mut moved = places.clone();
            set(&mut moved, index, there);
            self.residuals(&moved).map(|residuals| (there - place, residuals))
        };
        let (above, below) = match side(step) {
            Some(above) if !central => (Some(above), None),
            above => (above, side(-step)),
        };
        match (above, below) {
            (Some((up, above)), Some((down, below))) => Some((above - below) / (up - down)),
            (Some((step, moved)), None) | (None, Some((step, moved))) => Some((moved - residuals) / step),
            // Both sides are out of bounds when these are closer than a step.
            (None, None) => (upper - lower < 2.0 * step).then(|| DVector::zeros(self.points)),
        }
    }
}

/// Entry of a vector by parameter or by point.
pub(super) fn entry(vector: &DVector<f64>, index: usize) -> f64 {
    // Vectors have one length throughout a fit; a mistake shows as not a number.
    vector.get(index).copied().unwrap_or(f64::NAN)
}

/// Sets an entry of a vector by parameter or by point.
pub(super) fn set(vector: &mut DVector<f64>, index: usize, value: f64) {
    if let Some(entry) = vector.get_mut(index) {
        *entry = value;
    }
}

/// Variance of a parameter.
pub(super) fn variance(covariance: &DMatrix<f64>, index: usize) -> f64 {
    covariance.get((index, index)).copied().unwrap_or(f64::NAN)
}

pub(super) fn is_finite(vector: &DVector<f64>) -> bool {
    vector.iter().all(|entry| entry.is_finite())
}
