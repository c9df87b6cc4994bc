//! The fit as it looks near one place: a linear least-squares problem, factorised.

use nalgebra::{ColPivQR, DMatrix, DVector, QR, RowDVector};

use super::problem::{Problem, entry, set};
use crate::units::sqrt;

/// `‖aim − matrix · step‖²`, which the step is to make small, with the rows of the measurements in
/// units of the noise and one row for each prior; columns are scaled to length 1 and factorised
/// with pivoting, so that what the rows do not determine shows.
pub(super) struct Linearised {
    /// The parameters of the columns, in pivoting order; the first `rank` of them are determined.
    order: Vec<usize>,
    rank: usize,
    /// Length of each column before scaling, in pivoting order.
    lengths: DVector<f64>,
    upper: DMatrix<f64>,
    aim: DVector<f64>,
    /// The square of the aim's part that no step changes.
    rest: f64,
    parameters: usize,
}

impl Linearised {
    /// `weights` multiply the squares of the residuals; `wanted` are the parameters that move.
    pub(super) fn new(
        problem: &Problem<'_>,
        places: &DVector<f64>,
        residuals: &DVector<f64>,
        jacobian: &DMatrix<f64>,
        weights: &DVector<f64>,
        wanted: &[bool],
    ) -> Self {
        let moving: Vec<usize> =
            wanted.iter().enumerate().filter(|(_, wanted)| **wanted).map(|(index, _)| index).collect();
        let priors: Vec<(usize, f64, f64)> = moving
            .iter()
            .enumerate()
            .filter_map(|(column, &index)| {
                let (mean, deviation) = problem.coordinates.get(index)?.prior?;
                Some((column, (mean - entry(places, index)) / deviation, 1.0 / deviation))
            })
            .collect();
        let roots = weights.map(sqrt);
        let rows = problem.points + priors.len();
        let mut matrix = DMatrix::zeros(rows, moving.len());
        for (mut column, &index) in matrix.column_iter_mut().zip(&moving) {
            let weighted = jacobian.column(index).component_mul(&roots);
            column.rows_mut(0, problem.points).copy_from(&weighted);
        }
        let mut aim = DVector::zeros(rows);
        aim.rows_mut(0, problem.points).copy_from(&-residuals.component_mul(&roots));
        for (row, (column, missing, precision)) in (problem.points..).zip(priors) {
            if let Some(entry) = matrix.get_mut((row, column)) {
                *entry = precision;
            }
            set(&mut aim, row, missing);
        }
        let mut lengths = DVector::from_element(moving.len(), 1.0);
        for (mut column, length) in matrix.column_iter_mut().zip(lengths.iter_mut()) {
            let norm = column.norm();
            if norm > 0.0 {
                *length = norm;
                column.unscale_mut(norm);
            }
        }
        Self::factorised(matrix, aim, lengths, moving, wanted.len(), problem.rank_tolerance())
    }

    fn factorised(
        matrix: DMatrix<f64>,
        mut aim: DVector<f64>,
        mut lengths: DVector<f64>,
        mut order: Vec<usize>,
        parameters: usize,
        rank_tolerance: f64,
    ) -> Self {
        // First without pivoting, since pivoting searches all that is left of the matrix for
        // each column: cheap for a square one only.
        let tall = QR::new(matrix);
        tall.q_tr_mul(&mut aim);
        let square = tall.unpack_r();
        let rest = aim.rows(square.nrows(), aim.nrows() - square.nrows()).norm_squared();
        let mut aim = aim.rows(0, square.nrows()).into_owned();
        let pivoted = ColPivQR::new(square);
        pivoted.q_tr_mul(&mut aim);
        let mut places = RowDVector::from_iterator(order.len(), 0..order.len());
        pivoted.p().permute_columns(&mut places);
        lengths = DVector::from_iterator(lengths.len(), places.iter().map(|&place| entry(&lengths, place)));
        order = places.iter().filter_map(|&place| order.get(place).copied()).collect();
        let upper = pivoted.unpack_r();
        let rank = upper.diagonal().iter().take_while(|entry| entry.abs() > rank_tolerance).count();
        Self { order, rank, lengths, upper, aim, rest, parameters }
    }

    /// How many parameters the rows determine.
    pub(super) fn rank(&self) -> usize {
        self.rank
    }

    /// How far the best step goes, in standard errors.
    pub(super) fn offset(&self) -> f64 {
        self.aim.rows(0, self.rank).norm()
    }

    /// The best step when its square, in columns of length 1, is taxed by `damping`.
    pub(super) fn step(&self, damping: f64) -> DVector<f64> {
        let rank = self.rank;
        let mut matrix = DMatrix::zeros(2 * rank, rank);
        matrix.view_mut((0, 0), (rank, rank)).copy_from(&self.upper.view((0, 0), (rank, rank)));
        matrix.view_mut((rank, 0), (rank, rank)).fill_diagonal(sqrt(damping));
        let mut aim = DVector::zeros(2 * rank);
        aim.rows_mut(0, rank).copy_from(&self.aim.rows(0, rank));
        let mut step = DVector::zeros(self.parameters);
        if rank == 0 {
            return step;
        }
        let damped = QR::new(matrix);
        damped.q_tr_mul(&mut aim);
        let upper = damped.unpack_r();
        if let Some(solution) = upper.solve_upper_triangular(&aim.rows(0, rank)) {
            for ((&index, part), length) in self.order.iter().zip(solution.iter()).zip(self.lengths.iter()) {
                set(&mut step, index, part / length);
            }
        }
        step
    }

    /// By how much `step` lowers the squares.
    pub(super) fn reduction(&self, step: &DVector<f64>) -> f64 {
        let mut left = self.aim.clone();
        for ((column, &index), length) in self.upper.column_iter().zip(&self.order).zip(self.lengths.iter()) {
            left.axpy(-entry(step, index) * length, &column, 1.0);
        }
        self.aim.norm_squared() - left.norm_squared()
    }

    /// The squares at no step.
    pub(super) fn squares(&self) -> f64 {
        self.aim.norm_squared() + self.rest
    }

    /// Inverse of the matrix of the normal equations, by parameter; rows and columns of parameters
    /// that do not move or are not determined are 0.
    pub(super) fn covariance(&self) -> DMatrix<f64> {
        let mut covariance = DMatrix::zeros(self.parameters, self.parameters);
        let upper = self.upper.view((0, 0), (self.rank, self.rank));
        let Some(inverse) = upper.solve_upper_triangular(&DMatrix::identity(self.rank, self.rank)) else {
            return covariance;
        };
        // Rows of the inverse, as columns: these lie together in memory.
        let rows = inverse.transpose();
        for (row, (&first, first_length)) in
            self.order.iter().zip(self.lengths.iter()).take(self.rank).enumerate()
        {
            for (column, (&second, second_length)) in
                self.order.iter().zip(self.lengths.iter()).take(row + 1).enumerate()
            {
                let entry = rows.column(row).dot(&rows.column(column)) / (first_length * second_length);
                for place in [(first, second), (second, first)] {
                    if let Some(both) = covariance.get_mut(place) {
                        *both = entry;
                    }
                }
            }
        }
        covariance
    }

    /// Parameters that can change together with others without changing any row.
    pub(super) fn undetermined(&self) -> Vec<usize> {
        /// Least part of a parameter in such a change, in columns of length 1, that is not
        /// rounding.
        const LEAST_PART: f64 = 1e-3;
        let rank = self.rank;
        let free = self.order.len() - rank;
        let upper = self.upper.view((0, 0), (rank, rank));
        let others = self.upper.view((0, rank), (rank, free)).into_owned();
        let combinations = upper.solve_upper_triangular(&others).unwrap_or(others);
        let takes_part = |row: usize| combinations.row(row).iter().any(|part| part.abs() > LEAST_PART);
        let mut found: Vec<usize> = self.order.iter().skip(rank).copied().collect();
        found.extend(
            self.order
                .iter()
                .take(rank)
                .enumerate()
                .filter(|(row, _)| takes_part(*row))
                .map(|(_, &index)| index),
        );
        found.sort_unstable();
        found
    }
}
