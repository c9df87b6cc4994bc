//! The closed forms against published tables and against references computed to 60 digits with
//! mpmath 1.4.1 (Python): sums taken term by term as the textbook writes them, on the exact values
//! of the doubles given here. `close` says which digits must agree, and why not more.

#![allow(clippy::excessive_precision, reason = "references are given with all digits computed")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use sizewell::queueing::closed_form::*;

/// Relative agreement.
#[track_caller]
fn close(found: f64, expected: f64, relative: f64) {
    let off = (found - expected).abs() / expected.abs();
    assert!(off <= relative, "{found:e} is not {expected:e}: off by {off:e}, allowed {relative:e}");
}

/// Offered loads at a given loss, as every teletraffic table prints them to three digits (for
/// example R. B. Cooper, *Introduction to Queueing Theory*, 2nd ed., appendix; ITU-D *Teletraffic
/// Engineering Handbook*). The loss must be passed within the last printed digit.
#[test]
fn erlang_b_agrees_with_published_tables() {
    let one_percent = [(3, 0.455, 0.0005), (5, 1.36, 0.005), (10, 4.46, 0.005), (15, 8.11, 0.005)];
    let one_percent_more = [(20, 12.0, 0.05), (30, 20.3, 0.05), (50, 37.9, 0.05), (100, 84.1, 0.05)];
    let two_percent =
        [(5, 1.66, 0.005), (10, 5.08, 0.005), (20, 13.2, 0.05), (30, 21.9, 0.05), (100, 88.0, 0.05)];
    let rows = one_percent.iter().chain(&one_percent_more).map(|row| (0.01, *row));
    for (lost, (servers, load, digit)) in rows.chain(two_percent.iter().map(|row| (0.02, *row))) {
        assert!(erlang_b(servers, load - digit).unwrap() < lost, "{servers} at {load}");
        assert!(erlang_b(servers, load + digit).unwrap() > lost, "{servers} at {load}");
    }
}

/// Gross and Harris, *Fundamentals of Queueing Theory*, example of an eye clinic: 6 patients an
/// hour, 20 minutes each, 3 doctors: p₀ = 1/9, Lq = 8/9, L = 26/9, and 28.9 minutes in all.
#[test]
fn mmc_agrees_with_a_textbook() {
    let clinic = MmcQueue::new(6.0 / 3600.0, 1.0 / 1200.0, 3).unwrap();
    close(clinic.state_probability(0), 1.0 / 9.0, 1e-14);
    close(clinic.mean_waiting(), 8.0 / 9.0, 1e-14);
    close(clinic.mean_number(), 26.0 / 9.0, 1e-14);
    close(clinic.mean_sojourn_seconds(), 26.0 / 54.0 * 3600.0, 1e-14);
    close(erlang_c(3, 2.0).unwrap(), 4.0 / 9.0, 1e-14);
}

/// Σ c!/(c−j)! a^(−j), term by term. 10⁻¹³: a few hundred roundings of each factor; the value of
/// 10⁻²³⁶ is an exponential of −540, which costs three digits more.
#[test]
fn erlang_keeps_its_digits_at_100_000_servers() {
    for (servers, load, lost, waits) in [
        (100_000, 99_999.9, 0.002_518_258_975_015_594_1, Some(0.999_604_057_086_602_76)),
        (100_000, 90_000.0, 1.980_034_096_359_06e-236, Some(1.980_034_096_359_06e-235)),
        (100_000, 100_010.0, 0.002_582_678_452_943_556_4, None),
        (100_000, 1e6, 0.900_000_111_110_836_76, None),
        (1_000, 999.999, 0.024_811_302_017_772_2, Some(0.999_960_697_331_815)),
        (200, 150.0, 1.503_866_038_716_371_5e-5, Some(6.015_192_773_541_632e-5)),
        (10, 0.1, 2.493_489_357_462_412e-17, Some(2.518_676_118_648_901e-17)),
    ] {
        let digits = if lost < 1e-200 { 1e-11 } else { 1e-13 };
        close(erlang_b(servers, load).unwrap(), lost, digits);
        match waits {
            Some(waits) => close(erlang_c(servers, load).unwrap(), waits, digits),
            None => assert_eq!(erlang_c(servers, load).unwrap_err().code().as_str(), "unstable"),
        }
    }
}

/// *a^x e^(−a)/Γ(x + 1, a)* by mpmath's incomplete gamma function.
#[test]
fn erlang_b_continues_between_whole_numbers() {
    for (servers, load, lost) in [
        (10.5, 8.0, 0.100_106_093_106_043_23),
        (10.5, 30.0, 0.665_711_437_924_725_12),
        (0.5, 3.0, 0.871_822_869_066_972_53),
        (0.25, 0.3, 0.725_668_714_929_799_33),
        (1000.5, 999.25, 0.024_041_184_567_477_363),
        (40.75, 0.5, 2.486_786_435_487_768e-62),
        (3.5, 1.9, 0.131_560_700_384_837_38),
        (33.3, 33.3, 0.126_321_730_784_683_36),
    ] {
        close(erlang_b_continuous(servers, load).unwrap(), lost, 1e-13);
    }
}

#[test]
fn mmc_keeps_its_digits_at_100_000_servers_and_a_load_of_0_999999() {
    let queue = MmcQueue::new(999_999.0, 10.0, 100_000).unwrap();
    close(queue.utilization(), 0.999_999, 1e-15);
    close(queue.wait_probability(), 0.999_604_057_086_625_8, 1e-13);
    close(queue.mean_wait_seconds(), 0.999_604_057_086_625_8, 1e-13);
    close(queue.sojourn_quantile_seconds(0.99).unwrap(), 4.710_134_680_326_451_2, 1e-13);
}

/// Loss, acceptance, mean number waiting, p₁, p(c−1), and (t, P(wait > t), P(sojourn > t)).
type LimitedRow = ((f64, u64, u64), [f64; 5], &'static [(f64, f64, f64)]);

/// All at a service rate of 1. Weights and Erlang tails summed state by state.
#[test]
fn mmck_agrees_with_sums_over_its_states() {
    let rows: [LimitedRow; 7] = [
        (
            (2.5, 3, 7),
            [
                0.078_635_897_425_573_954,
                0.921_364_102_574_426_05,
                0.959_987_035_771_406_83,
                0.156_537_021_025_603_34,
                0.195_671_276_282_004_18,
            ],
            &[
                (0.3, 0.402_092_078_281_297_66, 0.862_718_793_273_603_15),
                (2.0, 0.026_099_418_127_543_517, 0.245_617_734_740_448_44),
                (8.0, 1.171_636_462_610_547_5e-8, 0.000_664_475_245_630_256_64),
            ],
        ),
        (
            (2.5, 1, 6),
            [
                0.600_984_653_255_894_46,
                0.399_015_346_744_105_54,
                4.347_282_587_791_838_1,
                0.006_154_082_849_340_359_2,
                0.002_461_633_139_736_143_7,
            ],
            &[
                (0.3, 0.987_988_597_686_720_55, 0.997_662_674_789_231_27),
                (2.0, 0.860_271_803_955_372_05, 0.936_597_390_079_947_14),
                (8.0, 0.071_685_761_543_104_301, 0.143_887_856_573_831_06),
            ],
        ),
        (
            (99.9999, 100, 400),
            [
                0.003_192_247_906_918_243_4,
                0.996_807_752_093_081_76,
                144.144_359_037_947_81,
                2.980_393_099_347_117_2e-43,
                0.003_193_208_918_643_772_6,
            ],
            &[
                (0.1, 0.928_851_744_019_750_2, 0.994_728_172_794_971_45),
                (1.5, 0.480_407_158_277_212_62, 0.737_976_490_104_717_02),
                (4.0, 9.042_437_896_731_811e-10, 0.114_465_363_725_664_59),
            ],
        ),
        (
            (100.0, 100, 400),
            [
                0.003_192_746_482_225_150_6,
                0.996_807_253_517_774_85,
                144.152_503_672_465_55,
                2.979_669_460_580_392_2e-43,
                0.003_192_746_482_225_150_6,
            ],
            &[
                (0.1, 0.928_862_101_050_896_2, 0.994_728_953_619_786_2),
                (1.5, 0.480_445_914_336_670_45, 0.738_001_420_553_280_37),
                (4.0, 9.043_821_446_888_354e-10, 0.114_473_461_280_186_19),
            ],
        ),
        (
            (120.0, 100, 400),
            [1.0 / 6.0, 5.0 / 6.0, 295.0, 3.967_667_145_858_446_3e-73, 2.445_083_468_140_096e-25],
            &[
                (2.9, 0.605_901_309_504_970_83, 0.955_242_974_065_952_49),
                (3.2, 0.083_892_664_753_196_872, 0.783_772_481_382_727_25),
                (6.0, 6.810_800_775_800_303e-43, 0.048_137_710_444_233_078),
            ],
        ),
        (
            (1e6, 2, 3),
            [0.999_998, 1.999_999_999_996e-6, 0.999_998, 3.999_992e-12, 3.999_992e-12],
            &[(0.5, 0.367_878_705_413_295_74, 0.845_181_400_951_864_75)],
        ),
        (
            (50.0, 100, 120),
            [
                1.554_793_693_673_949_1e-16,
                0.999_999_999_999_999_84,
                3.260_604_498_814_449e-10,
                9.643_749_239_761_175e-21,
                3.260_638_704_275_71e-10,
            ],
            &[
                (0.01, 1.977_674_234_801_505_4e-10, 0.990_049_833_751_720_13),
                (0.05, 2.676_464_139_662_573_7e-11, 0.951_229_424_506_497_6),
            ],
        ),
    ];
    for ((rate, servers, capacity), expected, tails) in rows {
        let queue = MmckQueue::new(rate, 1.0, servers, capacity).unwrap();
        // Powers of the load per server are exponentials of up to 300 times a logarithm.
        let digits = 1e-12;
        close(queue.loss_probability(), expected[0], digits);
        close(queue.acceptance_probability(), expected[1], digits);
        close(queue.mean_waiting(), expected[2], digits);
        close(queue.state_probability(1), expected[3], digits);
        close(queue.state_probability(servers - 1), expected[4], digits);
        for &(seconds, waits, stays) in tails {
            close(queue.wait_tail(seconds).unwrap(), waits, digits);
            close(queue.sojourn_tail(seconds).unwrap(), stays, digits);
            if stays > 1e-6 {
                close(queue.sojourn_quantile_seconds(1.0 - stays).unwrap(), seconds, 1e-9);
            }
        }
    }
}

const MD1_TIMES: [f64; 8] = [0.25, 1.0, 1.5, 3.75, 10.5, 30.25, 47.5, 60.5];

/// Erlang's alternating sum to 60 + 2t digits, for a service time of 1. 10⁻¹² of the tail itself,
/// down to 10⁻⁸⁶: positive terms lose nothing. At a load of 0.01 the single exponential after 48
/// service times (tails of 10⁻¹³⁵) is good to its documented 10⁻⁸.
#[test]
fn md1_agrees_with_the_alternating_sum_in_many_digits() {
    let rows: [(f64, [f64; 8]); 6] = [
        (
            0.01,
            [
                0.007_521_903_670_262_866,
                5.033_458_667_362_303_5e-5,
                1.287_800_869_224_578e-5,
                4.275_702_610_871_349e-12,
                5.467_000_133_163_651e-31,
                1.574_066_433_930_712_8e-86,
                4.920_818_864_994_907e-135,
                1.372_636_532_735_311_5e-171,
            ],
        ),
        (
            0.3,
            [
                0.245_481_094_380_757_92,
                0.055_098_834_696_797_823,
                0.024_174_065_643_351_558,
                0.000_222_115_190_044_884_62,
                1.974_609_380_153_557_9e-10,
                3.863_911_222_448_633e-28,
                1.318_709_990_946_689_1e-43,
                2.910_392_093_382_258_7e-55,
            ],
        ),
        (
            0.5,
            [
                0.433_425_773_466_586_84,
                0.175_639_364_649_935_93,
                0.102_003_168_779_630_35,
                0.005_939_967_846_972_049,
                1.232_419_557_347_509_7e-6,
                2.060_397_701_245_394e-17,
                7.967_028_631_583_696e-27,
                6.422_462_062_277_746e-34,
            ],
        ),
        (
            0.9,
            [
                0.874_767_728_380_813_59,
                0.754_039_688_884_305_08,
                0.684_831_495_277_360_22,
                0.429_198_414_449_974_72,
                0.106_026_609_928_497_07,
                0.001_772_775_976_879_152_3,
                4.975_071_173_456_631e-5,
                3.367_330_289_506_837_7e-6,
            ],
        ),
        (
            0.999,
            [
                0.998_716_295_549_543_98,
                0.997_284_435_094_681_43,
                0.996_348_153_033_389_48,
                0.991_863_826_896_889_6,
                0.978_559_297_388_295_59,
                0.940_647_257_244_167_64,
                0.908_737_889_463_666_83,
                0.885_407_534_276_744_92,
            ],
        ),
        (
            0.999_999,
            [
                0.999_998_715_974_904_28,
                0.999_997_281_720_889_74,
                0.999_996_342_677_050_89,
                0.999_991_833_302_522_41,
                0.999_978_333_560_831_13,
                0.999_938_835_183_586_33,
                0.999_904_337_877_354_36,
                0.999_878_340_693_867_92,
            ],
        ),
    ];
    for (load, tails) in rows {
        let queue = Md1Queue::new(load, 1.0).unwrap();
        for (seconds, tail) in MD1_TIMES.into_iter().zip(tails) {
            let digits = if load == 0.01 && seconds > 40.0 { 1e-8 } else { 1e-12 };
            close(queue.wait_tail(seconds).unwrap(), tail, digits);
            if tail > 1e-5 && tail < 0.99 {
                // A level near 1 holds the tail to 2⁻⁵³ only.
                close(queue.wait_quantile_seconds(1.0 - tail).unwrap(), seconds, 1e-10);
            }
        }
    }
    close(Md1Queue::new(0.999_999, 1.0).unwrap().wait_tail(4000.5).unwrap(), 0.992_030_258_805_718_54, 1e-12);
    close(Md1Queue::new(0.999, 1.0).unwrap().wait_tail(4000.5).unwrap(), 0.000_334_011_321_678_109_23, 1e-11);
}

/// mpmath's Talbot inversion at 60 terms and 40 digits; mean service time 1. 10⁻⁹ absolute: the
/// documented error of the Euler inversion.
#[test]
fn mg1_inversion_agrees_with_a_better_one() {
    let erlang = ServiceTime::gamma(1.0, 0.5).unwrap();
    let varied = ServiceTime::gamma(1.0, 4.0).unwrap();
    let short = ServiceTime::exponential(0.5).unwrap();
    let long = ServiceTime::exponential(5.5).unwrap();
    let mixed = ServiceTime::mixture(&[(0.9, short), (0.1, long)]).unwrap();
    for (load, service, tails) in [
        (
            0.5,
            &erlang,
            [0.372_845_058_767_404_37, 0.063_930_441_468_359_265, 9.876_434_676_370_067e-5, 1.772_820e-13],
        ),
        (
            0.95,
            &erlang,
            [
                0.922_801_380_111_427_64,
                0.781_447_112_569_713_03,
                0.427_399_587_230_524_8,
                0.065_391_001_040_166_982,
            ],
        ),
        (
            0.5,
            &varied,
            [
                0.435_011_449_391_618_89,
                0.259_002_941_134_126_76,
                0.050_711_984_897_689_006,
                0.000_376_913_144_799_198_59,
            ],
        ),
        (
            0.95,
            &varied,
            [
                0.936_761_170_762_806_97,
                0.887_312_212_616_397_61,
                0.741_298_353_463_158_78,
                0.425_832_852_982_383_79,
            ],
        ),
        (
            0.5,
            &mixed,
            [
                0.407_379_458_911_927_02,
                0.260_664_373_019_380_87,
                0.091_236_170_942_829_463,
                0.003_532_167_155_233_327_9,
            ],
        ),
        (
            0.95,
            &mixed,
            [
                0.930_505_291_431_495_74,
                0.882_581_704_040_009_01,
                0.770_903_432_666_516_79,
                0.507_351_710_511_317_1,
            ],
        ),
    ] {
        let queue = Mg1TransformQueue::new(load, service.clone()).unwrap();
        for (seconds, tail) in [0.5, 3.0, 12.0, 40.0].into_iter().zip(tails) {
            let found = queue.wait_tail(seconds).unwrap();
            assert!((found - tail).abs() < 1e-9, "{load} {seconds}: {found} is not {tail}");
            if (1e-3..load).contains(&tail) {
                close(queue.wait_quantile_seconds(1.0 - tail).unwrap(), seconds, 1e-6);
            }
        }
    }
}

/// With constant service the inversion meets M/D/1 away from the kink at one service time; 10⁻⁶
/// where a mixture of a constant leaves smaller kinks at its multiples.
#[test]
fn mg1_inversion_meets_md1_away_from_its_kink() {
    for load in [0.3, 0.9, 0.999_999] {
        let exact = Md1Queue::new(load, 1.0).unwrap();
        let inverted = Mg1TransformQueue::new(load, ServiceTime::constant(1.0).unwrap()).unwrap();
        for (seconds, allowed) in
            [(0.4, 1e-6), (1.0, 2e-3), (2.5, 1e-6), (7.3, 1e-6), (40.0, 1e-6), (1e6, 1e-6)]
        {
            let (found, tail) = (inverted.wait_tail(seconds).unwrap(), exact.wait_tail(seconds).unwrap());
            assert!((found - tail).abs() < allowed, "{load} {seconds}: {found} is not {tail}");
        }
    }
}
