//! Laws of the closed forms: special cases meet, Little's law holds, more load never helps, and
//! bad input is an error, never a number that is not one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use proptest::prelude::*;
use sizewell::queueing::closed_form::*;

#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    let off = (found - expected).abs();
    // Below 10⁻³⁰⁰ numbers are subnormal, or are made of such, and have fewer digits.
    assert!(
        off <= (relative * expected.abs()).max(1e-300),
        "{found:e} is not {expected:e}, allowed {relative:e}"
    );
}

fn rising(lower: f64, higher: f64) -> bool {
    // Two results that are equal in theory may differ in their last digits.
    lower <= higher * (1.0 + 1e-11)
}

proptest! {
    #[test]
    fn one_server_of_many_is_one_server(load in 0.001..0.999_f64, rate in 1e-3..1e3_f64, level in 0.0..0.9999_f64) {
        let one = Mm1Queue::new(load * rate, rate).unwrap();
        let many = MmcQueue::new(load * rate, rate, 1).unwrap();
        let general = Mg1Queue::new(load * rate, 1.0 / rate, 1.0).unwrap();
        close(many.wait_probability(), one.utilization(), 1e-13);
        close(many.mean_wait_seconds(), one.mean_wait_seconds(), 1e-12);
        close(general.mean_wait_seconds(), one.mean_wait_seconds(), 1e-12);
        close(many.sojourn_quantile_seconds(level).unwrap(), one.sojourn_quantile_seconds(level).unwrap(), 1e-11);
        let seconds = one.mean_sojourn_seconds();
        close(general.wait_tail_approximate(seconds).unwrap(), one.wait_tail(seconds).unwrap(), 1e-12);
        let constant = Md1Queue::new(load * rate, 1.0 / rate).unwrap();
        close(constant.mean_wait_seconds(), one.mean_wait_seconds() / 2.0, 1e-12);
    }

    #[test]
    fn erlang_c_follows_from_erlang_b(servers in 1_u64..5_000, load in 0.01..0.9999_f64) {
        let offered = load * servers as f64;
        let lost = erlang_b(servers, offered).unwrap();
        let expected = servers as f64 * lost / (servers as f64 - offered * (1.0 - lost));
        close(erlang_c(servers, offered).unwrap(), expected, 1e-11);
        prop_assert!(erlang_c(servers, offered).unwrap() >= lost);
        // Erlang's recursion, which the sums here do not use.
        let fewer = erlang_b(servers - 1, offered).unwrap();
        close(lost, offered * fewer / (servers as f64 + offered * fewer), 1e-11);
    }

    #[test]
    fn loss_without_waiting_places_is_erlang_b(servers in 1_u64..2_000, load in 0.01..5.0_f64) {
        let offered = load * servers as f64;
        let queue = MmckQueue::new(offered, 1.0, servers, servers).unwrap();
        close(queue.loss_probability(), erlang_b(servers, offered).unwrap(), 1e-11);
        prop_assert_eq!(queue.wait_probability(), 0.0);
        prop_assert_eq!(queue.mean_waiting(), 0.0);
        // Nobody waits, so that the sojourn is the service.
        close(queue.sojourn_tail(1.3).unwrap(), (-1.3_f64).exp(), 1e-11);
    }

    #[test]
    fn much_room_is_unlimited_room(servers in 1_u64..200, load in 0.1..0.95_f64, level in 0.5..0.999_f64) {
        let rate = load * servers as f64;
        let limited = MmckQueue::new(rate, 1.0, servers, servers + 2_000).unwrap();
        let unlimited = MmcQueue::new(rate, 1.0, servers).unwrap();
        close(limited.mean_wait_seconds(), unlimited.mean_wait_seconds(), 1e-10);
        close(limited.wait_probability(), unlimited.wait_probability(), 1e-10);
        close(limited.wait_quantile_seconds(level).unwrap() + 1.0, unlimited.wait_quantile_seconds(level).unwrap() + 1.0, 1e-9);
        close(limited.sojourn_quantile_seconds(level).unwrap(), unlimited.sojourn_quantile_seconds(level).unwrap(), 1e-9);
        for number in [0, 1, servers - 1, servers, servers + 3] {
            close(limited.state_probability(number), unlimited.state_probability(number), 1e-10);
        }
    }

    #[test]
    fn birth_and_death_make_them_all(servers in 1_u64..60, room in 0_u64..80, load in 0.05..3.0_f64) {
        let rate = load * servers as f64;
        let capacity = servers + room;
        let queue = MmckQueue::new(rate, 1.0, servers, capacity).unwrap();
        let chain = BirthDeath::from_rates(capacity as usize, |_| rate, |n| n.min(servers) as f64).unwrap();
        for number in 0..=capacity {
            close(queue.state_probability(number), chain.state_probability(number), 1e-11);
        }
        close(queue.throughput_per_second(), chain.throughput_per_second(), 1e-11);
        close(queue.mean_number(), chain.mean_number(), 1e-11);
        close(queue.mean_sojourn_seconds(), chain.mean_sojourn_seconds(), 1e-11);
        let p95 = chain.number_quantile(0.95).unwrap();
        prop_assert!(chain.number_tail(p95) <= 0.05 + 1e-12);
        prop_assert!(p95 == 0 || chain.number_tail(p95 - 1) > 0.05 - 1e-12);
    }

    #[test]
    fn a_closed_loop_is_a_birth_death_chain_and_a_mean_value_analysis(
        users in 1_u64..200, think in 0.01..50.0_f64, rate in 0.1..10.0_f64, servers in 1_u64..40,
    ) {
        let queue = FiniteSourceQueue::new(users, think, rate, servers).unwrap();
        let chain = BirthDeath::from_rates(
            users as usize,
            |n| (users - n) as f64 / think,
            |n| n.min(servers) as f64 * rate,
        ).unwrap();
        close(queue.throughput_per_second(), chain.throughput_per_second(), 1e-11);
        close(queue.mean_sojourn_seconds(), chain.mean_sojourn_seconds(), 1e-11);
        // Little's law of the whole loop.
        let present = number_present(queue.throughput_per_second(), think + queue.mean_sojourn_seconds()).unwrap();
        close(present, users as f64, 1e-11);
        // The mean of the sojourn is the area under its tail: the arrival theorem holds.
        close(area(|t| queue.sojourn_tail(t).unwrap(), queue.mean_sojourn_seconds()), queue.mean_sojourn_seconds(), 1e-6);
        close(area(|t| queue.wait_tail(t).unwrap(), queue.mean_sojourn_seconds()) + 1.0, queue.mean_wait_seconds() + 1.0, 1e-6);
        if servers == 1 || servers >= users {
            let kind = if servers == 1 { StationKind::Queue } else { StationKind::Delay };
            let network = mean_value_analysis(&[Station { kind, demand_seconds: 1.0 / rate }], think, users).unwrap();
            close(network.throughput_per_second, queue.throughput_per_second(), 1e-11);
            close(network.stations[0].mean_number, queue.mean_number(), 1e-11);
        }
    }

    #[test]
    fn the_area_under_a_tail_is_its_mean(servers in 1_u64..30, room in 1_u64..60, load in 0.1..2.0_f64) {
        let queue = MmckQueue::new(load * servers as f64, 1.0, servers, servers + room).unwrap();
        let mean = queue.mean_sojourn_seconds();
        close(area(|t| queue.sojourn_tail(t).unwrap(), mean), mean, 1e-6);
        close(area(|t| queue.wait_tail(t).unwrap(), mean) + 1.0, queue.mean_wait_seconds() + 1.0, 1e-6);
        if load < 1.0 {
            let constant = Md1Queue::new(load, 1.0).unwrap();
            let mean = constant.mean_wait_seconds();
            close(area(|t| constant.wait_tail(t).unwrap(), mean + 1.0), mean, 1e-4);
        }
    }

    #[test]
    fn little_holds(servers in 1_u64..1_000, load in 0.01..0.9999_f64, rate in 1e-3..1e3_f64, scv in 0.0..20.0_f64) {
        let arrivals = load * rate * servers as f64;
        let queue = MmcQueue::new(arrivals, rate, servers).unwrap();
        close(number_present(arrivals, queue.mean_sojourn_seconds()).unwrap(), queue.mean_number(), 1e-11);
        close(time_present_seconds(queue.mean_waiting(), arrivals).unwrap(), queue.mean_wait_seconds(), 1e-11);
        close(rate_through_per_second(queue.mean_number(), queue.mean_sojourn_seconds()).unwrap(), arrivals, 1e-11);
        let general = GgcQueue::new(arrivals, rate, servers, scv, 1.0).unwrap();
        close(number_present(arrivals, general.mean_sojourn_seconds()).unwrap(), general.mean_number(), 1e-11);
        let limited = MmckQueue::new(arrivals * 2.0, rate, servers, servers * 2).unwrap();
        close(number_present(limited.throughput_per_second(), limited.mean_sojourn_seconds()).unwrap(), limited.mean_number(), 1e-11);
        let endless = MginfQueue::new(arrivals, 1.0 / rate).unwrap();
        close(number_present(arrivals, endless.mean_sojourn_seconds()).unwrap(), endless.mean_number(), 1e-13);
    }

    #[test]
    fn allen_cunneen_is_exact_where_it_should_be(servers in 1_u64..500, load in 0.05..0.999_f64, level in 0.0..0.999_f64, scv in 0.0..9.0_f64) {
        let rate = load * servers as f64;
        let exact = MmcQueue::new(rate, 1.0, servers).unwrap();
        let approximate = GgcQueue::new(rate, 1.0, servers, 1.0, 1.0).unwrap();
        prop_assert_eq!(approximate.mean_wait_seconds(), exact.mean_wait_seconds());
        close(approximate.wait_quantile_seconds(level).unwrap(), exact.wait_quantile_seconds(level).unwrap(), 1e-12);
        let one = GgcQueue::new(load, 1.0, 1, 1.0, scv).unwrap();
        let general = Mg1Queue::new(load, 1.0, scv).unwrap();
        close(one.mean_wait_seconds(), general.mean_wait_seconds(), 1e-11);
        prop_assert!(rising(general.mean_wait_seconds(), kingman_bound_seconds(load, 1.0, 1.0, scv).unwrap()));
    }

    #[test]
    fn more_load_never_helps(servers in 1_u64..300, load in 0.01..0.99_f64, more in 1.0..1.01_f64, level in 0.0..0.9999_f64) {
        let at = |load: f64| MmcQueue::new(load * servers as f64, 1.0, servers).unwrap();
        let (low, high) = (at(load), at(load * more));
        prop_assert!(rising(low.wait_probability(), high.wait_probability()));
        prop_assert!(rising(low.mean_wait_seconds(), high.mean_wait_seconds()));
        prop_assert!(rising(low.wait_quantile_seconds(level).unwrap(), high.wait_quantile_seconds(level).unwrap()));
        prop_assert!(rising(low.sojourn_quantile_seconds(level).unwrap(), high.sojourn_quantile_seconds(level).unwrap()));
        let limited = |load: f64| MmckQueue::new(load * servers as f64, 1.0, servers, servers + 20).unwrap();
        prop_assert!(rising(limited(load).loss_probability(), limited(load * more).loss_probability()));
        prop_assert!(rising(limited(load).throughput_per_second(), limited(load * more).throughput_per_second()));
        let constant = |load: f64| Md1Queue::new(load, 1.0).unwrap();
        prop_assert!(rising(constant(load).wait_quantile_seconds(level).unwrap(), constant(load * more).wait_quantile_seconds(level).unwrap()));
        prop_assert!(rising(constant(load).number_tail(5), constant(load * more).number_tail(5)));
    }

    #[test]
    fn one_more_server_never_hurts(servers in 1_u64..2_000, load in 0.01..0.999_f64) {
        let rate = load * servers as f64;
        let few = MmcQueue::new(rate, 1.0, servers).unwrap();
        let more = MmcQueue::new(rate, 1.0, servers + 1).unwrap();
        prop_assert!(rising(more.mean_wait_seconds(), few.mean_wait_seconds()));
        prop_assert!(rising(more.sojourn_quantile_seconds(0.99).unwrap(), few.sojourn_quantile_seconds(0.99).unwrap()));
        let between = erlang_b_continuous(servers as f64 + 0.5, rate).unwrap();
        prop_assert!(erlang_b(servers + 1, rate).unwrap() <= between && between <= erlang_b(servers, rate).unwrap());
    }

    #[test]
    fn tails_fall_and_quantiles_meet_them(load in 0.01..0.9999_f64, level in 0.001..0.9999_f64, at in 0.0..60.0_f64, step in 0.0..1.0_f64) {
        let constant = Md1Queue::new(load, 1.0).unwrap();
        prop_assert!(rising(constant.wait_tail(at + step).unwrap(), constant.wait_tail(at).unwrap()));
        let limited = MmckQueue::new(load * 4.0, 1.0, 4, 50).unwrap();
        prop_assert!(rising(limited.wait_tail(at + step).unwrap(), limited.wait_tail(at).unwrap()));
        prop_assert!(rising(limited.sojourn_tail(at + step).unwrap(), limited.sojourn_tail(at).unwrap()));
        let waits = constant.wait_quantile_seconds(level).unwrap();
        let beyond = constant.wait_tail(waits).unwrap();
        let met = (beyond - (1.0 - level)).abs() < 1e-12;
        prop_assert!(met || (waits == 0.0 && load <= 1.0 - level));
        let quantile = limited.sojourn_quantile_seconds(level).unwrap();
        close(limited.sojourn_tail(quantile).unwrap(), 1.0 - level, 1e-10);
    }

    /// Any doubles at all: an answer is finite and in its range, or there is an error.
    #[test]
    fn nothing_but_numbers_and_errors(
        a in wild(), b in wild(), c in wild(), d in wild(),
        servers in prop_oneof![0_u64..5, 99_000_u64..101_000, any::<u64>()],
        room in prop_oneof![0_u64..5, Just(100_000_u64), any::<u64>()],
    ) {
        let mut found = Vec::new();
        let mut shares = Vec::new();
        shares.extend(erlang_b(servers, a).ok());
        shares.extend(erlang_b_continuous(a, b).ok());
        shares.extend(erlang_c_continuous(a, b).ok());
        shares.extend(erlang_c(servers, a).ok());
        if let Ok(queue) = MmcQueue::new(a, b, servers) {
            found.extend([queue.mean_wait_seconds(), queue.mean_number(), queue.mean_sojourn_seconds()]);
            shares.extend([queue.wait_probability(), queue.state_probability(room)]);
            shares.extend([queue.wait_tail(c), queue.sojourn_tail(c)].into_iter().flatten());
            found.extend([queue.wait_quantile_seconds(d), queue.sojourn_quantile_seconds(d)].into_iter().flatten());
        }
        if let Ok(queue) = MmckQueue::new(a, b, servers, servers.saturating_add(room)) {
            found.extend([queue.mean_wait_seconds(), queue.mean_number(), queue.throughput_per_second()]);
            shares.extend([queue.loss_probability(), queue.acceptance_probability(), queue.utilization(), queue.state_probability(room)]);
            shares.extend([queue.wait_tail(c), queue.sojourn_tail(c)].into_iter().flatten());
            found.extend([queue.wait_quantile_seconds(d), queue.sojourn_quantile_seconds(d)].into_iter().flatten());
        }
        if let Ok(queue) = Md1Queue::new(a, b) {
            found.extend([queue.mean_wait_seconds(), queue.mean_number()]);
            shares.extend([queue.number_tail(room)].into_iter().chain(queue.wait_tail(c)));
            found.extend(queue.wait_quantile_seconds(d));
        }
        if let Ok(queue) = Mg1Queue::new(a, b, c) {
            found.extend([queue.mean_wait_seconds(), queue.mean_number()]);
            found.extend(queue.wait_quantile_approximate_seconds(d));
            found.extend(queue.with_third_moment(d).ok().and_then(|queue| queue.wait_second_moment_square_seconds()));
        }
        if let Ok(queue) = ServiceTime::gamma(b, c).and_then(|service| Mg1TransformQueue::new(a, service)) {
            shares.extend(queue.wait_tail(d));
            found.extend(queue.wait_quantile_seconds(d));
        }
        if let Ok(queue) = GgcQueue::new(a, b, servers, c, d) {
            found.extend([queue.mean_wait_seconds(), queue.mean_number()]);
            shares.extend(queue.wait_tail(c));
        }
        found.extend(kingman_bound_seconds(a, b, c, d));
        if let Ok(queue) = MginfQueue::new(a, b) {
            shares.extend([queue.state_probability(room), queue.number_tail(room)]);
            found.extend(queue.number_quantile(d).ok().map(|number| number as f64));
        }
        if let Ok(queue) = FiniteSourceQueue::new(room.min(2_000), a, b, servers) {
            found.extend([queue.mean_wait_seconds(), queue.mean_sojourn_seconds(), queue.throughput_per_second()]);
            shares.extend([queue.wait_tail(c), queue.sojourn_tail(c)].into_iter().flatten());
            found.extend(queue.sojourn_quantile_seconds(d));
        }
        if let Ok(chain) = BirthDeath::new(&[a, b], &[c, d]) {
            shares.extend(chain.probabilities());
            found.extend([chain.mean_number(), chain.mean_sojourn_seconds()]);
        }
        found.extend([number_present(a, b), time_present_seconds(a, b), rate_through_per_second(a, b)].into_iter().flatten());
        for number in found {
            prop_assert!(number.is_finite() && number >= 0.0, "{number}");
        }
        for share in shares {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&share), "{share}");
        }
    }
}

/// Numbers of every size, and those that are none.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-13.0..13.0_f64).prop_map(|power| 10.0_f64.powf(power)),
        4 => 0.0..2.0_f64,
        1 => any::<f64>(),
        1 => prop_oneof![Just(0.0), Just(-1.0), Just(f64::NAN), Just(f64::INFINITY), Just(1.0), Just(f64::MAX), Just(5e-324)],
    ]
}

/// The area under a falling tail, by Simpson's rule on pieces of a growing width.
fn area(tail: impl Fn(f64) -> f64, scale: f64) -> f64 {
    let mut sum = 0.0;
    let mut from = 0.0;
    for piece in 0..400 {
        let width = scale * 0.01 * (1.0 + f64::from(piece) / 10.0);
        let parts = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| tail(from + share * width));
        sum += width / 12.0 * (parts[0] + 4.0 * parts[1] + 2.0 * parts[2] + 4.0 * parts[3] + parts[4]);
        from += width;
        if parts[4] < 1e-12 {
            break;
        }
    }
    sum
}

#[test]
fn errors_say_what_and_where() {
    let error = MmcQueue::new(12.0, 1.0, 10).unwrap_err();
    assert_eq!(error.code().as_str(), "unstable");
    assert_eq!(error.report().given.as_deref(), Some("a load of 1.2 per server"));
    assert_eq!(error.report().allowed.as_deref(), Some("a load below 1 per server"));
    for error in [
        MmcQueue::new(10.0, 1.0, 10).unwrap_err(),
        Mm1Queue::new(1.0, 1.0).unwrap_err(),
        Md1Queue::new(2.0, 0.5).unwrap_err(),
        Mg1Queue::new(2.0, 0.6, 1.0).unwrap_err(),
        GgcQueue::new(2.0, 1.0, 2, 1.0, 1.0).unwrap_err(),
        kingman_bound_seconds(2.0, 1.0, 1.0, 1.0).unwrap_err(),
        erlang_c(3, 3.0).unwrap_err(),
        Mg1TransformQueue::new(2.0, ServiceTime::constant(0.5).unwrap()).unwrap_err(),
    ] {
        assert_eq!(error.code().as_str(), "unstable", "{error}");
    }
    for rate in [f64::NAN, -1.0, 0.0, f64::INFINITY, 1e13, 1e-13] {
        let error = MmcQueue::new(rate, 1.0, 10).unwrap_err();
        assert_eq!((error.code().as_str(), error.path()), ("invalid_value", "arrival_rate_per_second"));
    }
    let queue = MmcQueue::new(1.0, 1.0, 10).unwrap();
    for level in [f64::NAN, -0.1, 1.0, 95.0] {
        assert_eq!(queue.wait_quantile_seconds(level).unwrap_err().path(), "level");
    }
    assert_eq!(queue.wait_tail(f64::NAN).unwrap_err().path(), "seconds");
    assert_eq!(MmckQueue::new(1.0, 1.0, 4, 3).unwrap_err().path(), "capacity");
    assert_eq!(BirthDeath::new(&[1.0], &[]).unwrap_err().code().as_str(), "contradiction");
    assert_eq!(BirthDeath::new(&[], &[]).unwrap_err().code().as_str(), "empty");
    assert_eq!(BirthDeath::new(&[1.0, 1.0], &[1.0, 0.0]).unwrap_err().path(), "deaths_per_second[1]");
    assert_eq!(mean_value_analysis(&[], 1.0, 1).unwrap_err().code().as_str(), "empty");
    assert_eq!(ServiceTime::empirical(&[1.0, -1.0]).unwrap_err().path(), "seconds[1]");
}

/// Weights of e^(±1,000,000) and a chain of a million states: nothing overflows.
#[test]
fn a_birth_death_chain_neither_overflows_nor_vanishes() {
    let up = BirthDeath::from_rates(1_000_000, |_| 3.0, |_| 1.0).unwrap();
    close(up.state_probability(1_000_000), 2.0 / 3.0, 1e-12);
    close(up.mean_number(), 1_000_000.0 - 0.5, 1e-12);
    let down = BirthDeath::from_rates(1_000_000, |_| 1.0, |_| 3.0).unwrap();
    close(down.state_probability(0), 2.0 / 3.0, 1e-12);
    close(down.state_probability(600), 2.0 / 3.0 * 3_f64.powi(-600), 1e-10);
    // Up to the middle and down again: the peak is far from both ends.
    let peak = BirthDeath::from_rates(
        2_000,
        |n| if n < 1_000 { 4.0 } else { 1.0 },
        |n| if n <= 1_000 { 1.0 } else { 4.0 },
    )
    .unwrap();
    close(peak.state_probability(1_000), 0.6, 1e-12);
    assert_eq!(peak.number_quantile(0.5).unwrap(), 1_000);
    // A million Erlang servers, exactly as the sum has it.
    let chain = BirthDeath::from_rates(100_000, |_| 99_999.9, |n| n as f64).unwrap();
    close(chain.state_probability(100_000), erlang_b(100_000, 99_999.9).unwrap(), 1e-11);
}

/// Takács: the second moment of M/M/1's wait is 2ρ/(μ − λ)².
#[test]
fn the_second_moment_of_a_wait_follows_from_the_third_of_the_service() {
    for load in [0.2, 0.9, 0.999_999] {
        let queue = Mg1Queue::new(load, 1.0, 1.0).unwrap().with_third_moment(6.0).unwrap();
        let spare = 1.0 - load;
        close(queue.wait_second_moment_square_seconds().unwrap(), 2.0 * load / (spare * spare), 1e-10);
        let deviation = (2.0 * load - load * load).sqrt() / spare;
        close(queue.wait_standard_deviation_seconds().unwrap(), deviation, 1e-10);
    }
    assert!(Mg1Queue::new(0.5, 1.0, 1.0).unwrap().with_third_moment(3.9).is_err(), "at least 2² / 1");
    assert_eq!(Mg1Queue::new(0.5, 1.0, 1.0).unwrap().wait_second_moment_square_seconds(), None);
}
