use super::*;

fn parse(pairs: &[(&'static str, &str)]) -> View {
    View::from_query(&pairs.iter().copied().collect())
}

#[test]
fn a_bare_url_is_the_default_view() {
    assert_eq!(parse(&[]), View::default());
    assert_eq!(View::default().href(), "?");
}

#[test]
fn a_view_survives_its_url() {
    let view = parse(&[
        ("from", "2026-03-24T12:00"),
        ("to", "2026-03-25T00:00"),
        ("at", "2026-03-25T12:00"),
        ("tz", "Asia/Kathmandu"),
        ("refresh", "10s"),
        ("service", "web"),
        ("user_id", "ünï"),
    ]);
    let pairs: ParamsMap = view.pairs().into_iter().collect();
    assert_eq!(View::from_query(&pairs), view);
    assert_eq!(view.at.as_deref(), Some("2026-03-25T12:00"));
    assert_eq!(view.refresh, Refresh::S10);
    assert_eq!(view.param("user_id"), "ünï");
}

#[test]
fn nonsense_falls_back() {
    let view = parse(&[("range", "8y"), ("from", "2026-03-24T12:00"), ("refresh", "1s")]);
    assert_eq!(view.unknown_range.as_deref(), Some("8y"));
    assert_eq!(view.range, RangeChoice::default());
    assert_eq!(view.href(), "?");
}

#[test]
fn a_range_of_ones_own_has_a_name() {
    let name = |from: &str, to: &str| {
        RangeChoice::Between {
            from: from.into(),
            to: to.into(),
        }
        .name()
        .unwrap()
    };
    assert_eq!(
        name("2026-03-24T12:00", "2026-03-24T18:30"),
        "Mar 24, 12:00 – 18:30"
    );
    assert_eq!(
        name("2026-03-24T12:00", "2026-03-25T00:00"),
        "Mar 24, 12:00 – Mar 25, 00:00"
    );
    assert_eq!(RangeChoice::default().name(), None);
}
