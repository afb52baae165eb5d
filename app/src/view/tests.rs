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
        ("compare", "1"),
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
    let view = parse(&[("from", "2026-03-24T12:00"), ("refresh", "1s")]);
    assert_eq!(view.range, RangeChoice::default());
    assert_eq!(view.href(), "?");
}

#[test]
fn a_text_of_a_range_is_kept_as_it_is_written() {
    let view = parse(&[("range", "last 3 hous")]);
    assert_eq!(view.range, RangeChoice::Words("last 3 hous".into()));
    assert_eq!(view.href(), "?range=last%203%20hous");
    assert_eq!(parse(&[("range", "3h")]).href(), "?range=3h");
}

#[test]
fn the_last_form_decides_the_range() {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let view = View::default().with(vec![field("range", "yesterday")]);
    let times = view.with(vec![
        field("from", "2026-03-24T12:00"),
        field("to", "2026-03-25T00:00"),
    ]);
    let (from, to) = ("2026-03-24T12:00".into(), "2026-03-25T00:00".into());
    assert_eq!(times.range, RangeChoice::Between { from, to });
    assert_eq!(times.with(vec![field("range", "yesterday")]), view);
}
